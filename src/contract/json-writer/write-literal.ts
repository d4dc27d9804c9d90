import type { Literal, LiteralRun } from './literal.js';
import { reserve } from './scratch.js';
import type { Scratch } from './scratch.js';

/** Writes a literal into reserved space. */
export function writeLiteral(w: Scratch, literal: Literal): void {
  const { view, out } = w;
  const { words, length } = literal;
  w.out = out + length;
  view.setFloat64(out, words[0]!, true);
  if (length <= 8) return;
  view.setFloat64(out + 8, words[1]!, true);
  for (let i = 2; i < words.length; i++) view.setFloat64(out + i * 8, words[i]!, true);
}

/** Writes the literals of a run from index `from` up to, not including, `to`. */
export function writeRun(w: Scratch, run: LiteralRun, from: number, to: number): void {
  let at = run.offsets[from]!;
  const end = run.offsets[to]!;
  if (at === end) return;
  reserve(w, end - at);
  const source = run.view;
  const target = w.view;
  let out = w.out;
  w.out += end - at;
  for (; at < end; at += 8, out += 8) target.setFloat64(out, source.getFloat64(at, true), true);
}

/** Returns whether the bytes from `w.pos` to `end` equal a literal. */
export function isLiteral(w: Scratch, end: number, literal: Literal): boolean {
  const { view, pos } = w;
  const { halves, length } = literal;
  if (end - pos !== length) return false;
  const whole = length >> 2;
  for (let i = 0; i < whole; i++) if (view.getInt32(pos + i * 4, true) !== halves[i]) return false;
  const rest = length & 3;
  return rest === 0 || ((view.getInt32(pos + whole * 4, true) ^ halves[whole]!) & (-1 >>> (32 - rest * 8))) === 0;
}

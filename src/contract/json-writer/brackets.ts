import { NOT_PLAIN, reserve } from './scratch.js';
import type { Scratch } from './scratch.js';

/** Number of keys up to which they are compared one by one. */
const FEW_KEYS = 16;

/** Ends the object whose first member, if any, is at `start`: the comma of that member becomes the brace. */
export function closeObject(w: Scratch, start: number): void {
  reserve(w, 2);
  if (w.out === start) w.out++;
  w.bytes[start] = 0x7b;
  w.bytes[w.out++] = 0x7d;
}

/** Ends the array whose first element, if any, is at `start`: the comma of that element becomes the bracket. */
export function closeArray(w: Scratch, start: number): void {
  reserve(w, 2);
  if (w.out === start) w.out++;
  w.bytes[start] = 0x5b;
  w.bytes[w.out++] = 0x5d;
}

/**
 * Throws NOT_PLAIN for a duplicate key: the key at `start` equals one of those recorded since `base`, of which the last
 * one counts. Keys are recorded by their position, on a stack for all open maps; those of a large map are also kept as
 * text, in the set that is passed and returned.
 */
export function noteKey(
  w: Scratch,
  base: number,
  start: number,
  large: Set<string> | undefined,
): Set<string> | undefined {
  if (w.spanCount - base < FEW_KEYS * 2) {
    if (isWritten(w, base, start)) throw NOT_PLAIN;
    w.pushSpan(start);
    return undefined;
  }
  const names = large ?? namesOf(w, base);
  const name = w.bytes.toString('latin1', start, w.out);
  if (names.has(name)) throw NOT_PLAIN;
  return names.add(name);
}

function isWritten(w: Scratch, base: number, start: number): boolean {
  const { bytes, spans, spanCount } = w;
  const length = w.out - start;
  for (let i = base; i < spanCount; i += 2) {
    const other = spans[i]!;
    if (spans[i + 1]! - other !== length) continue;
    let same = 0;
    while (same < length && bytes[other + same] === bytes[start + same]) same++;
    if (same === length) return true;
  }
  return false;
}

function namesOf(w: Scratch, base: number): Set<string> {
  const names = new Set<string>();
  for (let i = base; i < w.spanCount; i += 2) names.add(w.bytes.toString('latin1', w.spans[i], w.spans[i + 1]));
  return names;
}

import { NOT_PLAIN, reserve } from './scratch.js';
import type { Scratch } from './scratch.js';

/** Up to here keys are compared one by one. */
const FEW_KEYS = 16;

/** Ends the object whose first member, if any, is at `start`: its comma becomes the brace. */
export function closeObject(w: Scratch, start: number): void {
  reserve(w, 2);
  if (w.out === start) w.out++;
  w.bytes[start] = 0x7b;
  w.bytes[w.out++] = 0x7d;
}

/** Ends the array whose first element, if any, is at `start`: its comma becomes the bracket. */
export function closeArray(w: Scratch, start: number): void {
  reserve(w, 2);
  if (w.out === start) w.out++;
  w.bytes[start] = 0x5b;
  w.bytes[w.out++] = 0x5d;
}

/**
 * Throws NOT_PLAIN when the key written from `start` on is one of those noted since `base`: when a key comes twice the
 * last one counts. Keys are noted as where they were written, on a stack of all maps that are open; those of a large
 * map are kept as text as well, in the set that is given and returned.
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

import type { Literal } from './literal.js';
import { NO_TAG } from './plan.js';
import type { FieldPlan, MessagePlan } from './plan.js';
import { writeNumber } from './scalar.js';
import { NOT_PLAIN } from './scratch.js';
import type { Scratch } from './scratch.js';
import { writeText } from './text.js';
import { readEnd, readTag, skipValue } from './varint.js';
import { writeLiteral, writeRun } from './write-literal.js';

const QUOTE = 0x22;
const STRING = 9;

/** Returns the index of the field with the tag `w.tag`, which was not the next one; -1 when it is skipped. */
export function locate(w: Scratch, plan: MessagePlan, next: number, end: number): number {
  const tag = w.tag;
  const number = tag >>> 3;
  const at = number < plan.near.length ? plan.near[number]! : (plan.index.get(number) ?? -1);
  const field = at < 0 ? undefined : plan.fields[at];
  if (field === undefined || field.tag === NO_TAG) {
    if (number === 0 || (!field && plan.types.extension(plan.desc, number))) throw NOT_PLAIN;
    skipValue(w, tag & 7, end);
    return -1;
  }
  if (at < next || (field.tag !== tag && field.otherTag !== tag)) throw NOT_PLAIN;
  return at;
}

/** Writes the members of a message that are absent on the wire, from one field index up to another. */
export function writeAbsent(w: Scratch, plan: MessagePlan, from: number, to: number): void {
  if (w.checksTenant && plan.tenants[from] !== plan.tenants[to]) throw NOT_PLAIN;
  writeRun(w, plan.absent, from, to);
}

/** Returns whether the bytes written since `start` are the zero of a field. */
export function isZero(w: Scratch, zero: Literal, start: number): boolean {
  return w.out - start === zero.length && w.bytes.compare(zero.bytes, 0, zero.length, start, w.out) === 0;
}

/** Consumes the next tag if it is this one. */
export function isNextTag(w: Scratch, tag: number, end: number): boolean {
  if (w.pos >= end) return false;
  const before = w.pos;
  if (tag < 0x80 ? w.bytes[w.pos++] === tag : readTag(w) === tag) return true;
  w.pos = before;
  return false;
}

/** Writes the key of a map entry; numbers and booleans become strings. */
export function writeMapKey(w: Scratch, field: FieldPlan, stop: number): void {
  if (w.pos >= stop || w.bytes[w.pos] !== field.mapKeyTag) {
    writeLiteral(w, field.mapKeyZero);
    return;
  }
  w.pos++;
  if (field.mapKey === STRING) {
    writeText(w, readEnd(w, stop));
    return;
  }
  const start = w.out;
  w.bytes[w.out++] = QUOTE;
  writeNumber(w, field.mapKey);
  if (w.bytes[start + 1] === QUOTE) {
    w.bytes.copyWithin(start, start + 1, w.out--);
    return;
  }
  w.bytes[w.out++] = QUOTE;
}

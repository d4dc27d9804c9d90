import { NOT_PLAIN } from './scratch.js';
import type { Scratch } from './scratch.js';

/** Reads a tag: field number and wire type, as an unsigned 32-bit number. */
export function readTag(w: Scratch): number {
  const byte = w.bytes[w.pos]!;
  if (byte < 0x80) {
    w.pos++;
    return byte;
  }
  const start = w.pos;
  const tag = readVarint32(w) >>> 0;
  if (w.pos - start > 5 || (w.pos - start === 5 && w.bytes[w.pos - 1]! > 0x0f)) throw NOT_PLAIN;
  return tag;
}

/** Reads a varint and keeps its lower 32 bits, signed. */
export function readVarint32(w: Scratch): number {
  const bytes = w.bytes;
  const first = bytes[w.pos]!;
  if (first < 0x80) {
    w.pos++;
    return first;
  }
  let pos = w.pos + 1;
  let value = first & 0x7f;
  for (let shift = 7; shift < 70; shift += 7) {
    const byte = bytes[pos++]!;
    if (shift < 35) value |= (byte & 0x7f) << shift;
    if (byte < 0x80) {
      w.pos = pos;
      return value;
    }
  }
  throw NOT_PLAIN;
}

/** Reads a varint into `w.low` and `w.high`, both signed. */
export function readVarint64(w: Scratch): void {
  const bytes = w.bytes;
  let pos = w.pos;
  let byte = bytes[pos++]!;
  let low = byte & 0x7f;
  w.high = 0;
  for (let shift = 7; byte >= 0x80 && shift < 28; shift += 7) {
    byte = bytes[pos++]!;
    low |= (byte & 0x7f) << shift;
  }
  if (byte >= 0x80) {
    byte = bytes[pos++]!;
    low |= (byte & 0x7f) << 28;
    let high = (byte & 0x7f) >> 4;
    for (let shift = 3; byte >= 0x80; shift += 7) {
      if (shift > 31) throw NOT_PLAIN;
      byte = bytes[pos++]!;
      high |= (byte & 0x7f) << shift;
    }
    w.high = high;
  }
  w.low = low;
  w.pos = pos;
}

/** Reads the length of a value and returns the position behind it. */
export function readEnd(w: Scratch, limit: number): number {
  const length = readVarint32(w) >>> 0;
  const end = w.pos + length;
  if (end > limit) throw NOT_PLAIN;
  return end;
}

/** Skips one value of a wire type. Groups are not plain. */
export function skipValue(w: Scratch, wireType: number, limit: number): void {
  if (wireType === 0) readVarint64(w);
  else if (wireType === 1) w.pos += 8;
  else if (wireType === 2) w.pos = readEnd(w, limit);
  else if (wireType === 5) w.pos += 4;
  else throw NOT_PLAIN;
}

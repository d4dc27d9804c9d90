import type { Scratch } from './scratch.js';
import { writeAscii } from './text.js';

const TWO_32 = 0x1_0000_0000;
const BILLION = 1_000_000_000;

/** Writes an unsigned 32-bit number. */
export function writeUint32(w: Scratch, value: number): void {
  writeDigits(w, value, countDigits(value));
}

/** Writes a signed 32-bit number. */
export function writeInt32(w: Scratch, value: number): void {
  let magnitude = value;
  if (value < 0) {
    w.bytes[w.out++] = 0x2d;
    magnitude = -value;
  }
  writeDigits(w, magnitude, countDigits(magnitude));
}

/** Writes an unsigned 32-bit number in exactly `width` digits. */
export function writeDigits(w: Scratch, value: number, width: number): void {
  const bytes = w.bytes;
  let rest = value >>> 0;
  for (let at = w.out + width - 1; at >= w.out; at--) {
    const tenth = (rest / 10) >>> 0;
    bytes[at] = 48 + rest - tenth * 10;
    rest = tenth;
  }
  w.out += width;
}

function countDigits(value: number): number {
  if (value < 100) return value < 10 ? 1 : 2;
  if (value < 10_000) return value < 1_000 ? 3 : 4;
  if (value < 1_000_000) return value < 100_000 ? 5 : 6;
  if (value < 100_000_000) return value < 10_000_000 ? 7 : 8;
  return value < BILLION ? 9 : 10;
}

/** Writes the 64-bit integer in `w.low` and `w.high` as a JSON string. */
export function writeLong(w: Scratch, signed: boolean): void {
  w.bytes[w.out++] = 0x22;
  writeLongDigits(w, signed);
  w.bytes[w.out++] = 0x22;
}

/** Writes the digits of the 64-bit integer in `w.low` and `w.high`. */
export function writeLongDigits(w: Scratch, signed: boolean): void {
  const low = w.low >>> 0;
  const value = (signed ? w.high : w.high >>> 0) * TWO_32 + low;
  if (!Number.isSafeInteger(value)) {
    const exact = (BigInt(signed ? w.high : w.high >>> 0) << 32n) | BigInt(low);
    writeAscii(w, exact.toString());
    return;
  }
  let magnitude = value;
  if (value < 0) {
    w.bytes[w.out++] = 0x2d;
    magnitude = -value;
  }
  if (magnitude < BILLION) {
    writeDigits(w, magnitude, countDigits(magnitude));
    return;
  }
  const upper = Math.floor(magnitude / BILLION);
  writeDigits(w, upper, countDigits(upper));
  writeDigits(w, magnitude - upper * BILLION, 9);
}

/** Writes a float or double; values without a JSON number become strings, and `-0` keeps its sign. */
export function writeDouble(w: Scratch, value: number): void {
  if (!Number.isFinite(value)) writeAscii(w, `"${value}"`);
  else if (Object.is(value, -0)) writeAscii(w, '-0');
  else if (Math.abs(value) < 0x8000_0000 && Math.trunc(value) === value) writeInt32(w, value);
  else writeAscii(w, String(value));
}

/** Decodes zigzag in `w.low` and `w.high`. */
export function unzigzag64(w: Scratch): void {
  const sign = -(w.low & 1);
  const low = ((w.low >>> 1) | ((w.high & 1) << 31)) ^ sign;
  w.high = (w.high >>> 1) ^ sign;
  w.low = low;
}

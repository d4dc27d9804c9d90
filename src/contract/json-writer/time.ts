import { writeDigits, writeLongDigits } from './number.js';
import { NOT_PLAIN } from './scratch.js';
import type { Scratch } from './scratch.js';
import { readVarint32, readVarint64 } from './varint.js';

const SECONDS_A_DAY = 86_400;
/** Days from 1 March of the year 0. */
const DAYS_BEFORE_1970 = 719_468;
const DAYS_OF_400_YEARS = 146_097;
/** 0001-01-01T00:00:00Z and the last second of 9999. */
const FIRST_SECOND = -62_135_596_800;
const LAST_SECOND = 253_402_300_799;
/** 10,000 years in seconds, the limit of google/protobuf/duration.proto. */
const LONGEST_DURATION = 315_576_000_000;
const MAX_NANOS = 999_999_999;
const SECONDS_TAG = 0x08;
const NANOS_TAG = 0x10;

/** The two digits of 0 to 99, as the little-endian number that writes them. */
const PAIRS = Uint16Array.from({ length: 100 }, (_, n) => 0x3030 + Math.floor(n / 10) + ((n % 10) << 8));

/** Writes a google.protobuf.Timestamp as RFC 3339 with 0, 3, 6 or 9 digits of fraction. */
export function writeTimestamp(w: Scratch, end: number): void {
  const nanos = readSecondsAndNanos(w, end);
  const seconds = w.high * 0x1_0000_0000 + (w.low >>> 0);
  if (seconds < FIRST_SECOND || seconds > LAST_SECOND || nanos < 0 || nanos > MAX_NANOS) throw NOT_PLAIN;
  const day = Math.floor(seconds / SECONDS_A_DAY);
  w.bytes[w.out++] = 0x22;
  writeDate(w, day | 0);
  writeTimeOfDay(w, (seconds - day * SECONDS_A_DAY) | 0);
  writeFraction(w, nanos);
  w.bytes[w.out] = 0x5a;
  w.bytes[w.out + 1] = 0x22;
  w.out += 2;
}

/** Writes a google.protobuf.Duration as decimal seconds: `1.5s`. */
export function writeDuration(w: Scratch, end: number): void {
  const nanos = readSecondsAndNanos(w, end);
  const seconds = w.high * 0x1_0000_0000 + (w.low >>> 0);
  if (Math.abs(seconds) > LONGEST_DURATION || Math.abs(nanos) > MAX_NANOS || seconds * nanos < 0) throw NOT_PLAIN;
  w.bytes[w.out++] = 0x22;
  if (nanos < 0 && seconds === 0) w.bytes[w.out++] = 0x2d;
  writeLongDigits(w, true);
  writeFraction(w, Math.abs(nanos));
  w.bytes[w.out++] = 0x73;
  w.bytes[w.out++] = 0x22;
}

/** Reads both fields, and leaves the seconds in `w.low` and `w.high`. */
function readSecondsAndNanos(w: Scratch, end: number): number {
  w.low = 0;
  w.high = 0;
  let nanos = 0;
  if (w.pos < end && w.bytes[w.pos] === SECONDS_TAG) {
    w.pos++;
    readVarint64(w);
  }
  if (w.pos < end && w.bytes[w.pos] === NANOS_TAG) {
    w.pos++;
    nanos = readVarint32(w);
  }
  if (w.pos !== end) throw NOT_PLAIN;
  return nanos;
}

/**
 * Writes the Gregorian date of a day since 1970 and a T. Years begin in March here, so that the leap day is the last
 * day of its year; `of400` counts days within the 400-year cycle of the calendar.
 */
function writeDate(w: Scratch, day: number): void {
  const shifted = day + DAYS_BEFORE_1970;
  const cycle = (shifted / DAYS_OF_400_YEARS) | 0;
  const of400 = shifted - cycle * DAYS_OF_400_YEARS;
  const leapDays = ((of400 / 1460) | 0) - ((of400 / 36524) | 0) + ((of400 / 146096) | 0);
  const yearOf400 = ((of400 - leapDays) / 365) | 0;
  const dayOfYear = of400 - (365 * yearOf400 + (yearOf400 >> 2) - ((yearOf400 / 100) | 0));
  const march = ((5 * dayOfYear + 2) / 153) | 0;
  const month = march < 10 ? march + 3 : march - 9;
  const year = cycle * 400 + yearOf400 + (month <= 2 ? 1 : 0);
  const century = (year / 100) | 0;
  const { view, bytes, out } = w;
  view.setUint16(out, PAIRS[century]!, true);
  view.setUint16(out + 2, PAIRS[year - century * 100]!, true);
  bytes[out + 4] = 0x2d;
  view.setUint16(out + 5, PAIRS[month]!, true);
  bytes[out + 7] = 0x2d;
  view.setUint16(out + 8, PAIRS[dayOfYear - (((153 * march + 2) / 5) | 0) + 1]!, true);
  bytes[out + 10] = 0x54;
  w.out = out + 11;
}

function writeTimeOfDay(w: Scratch, seconds: number): void {
  const minutes = (seconds / 60) | 0;
  const hour = (minutes / 60) | 0;
  const { view, bytes, out } = w;
  view.setUint16(out, PAIRS[hour]!, true);
  bytes[out + 2] = 0x3a;
  view.setUint16(out + 3, PAIRS[minutes - hour * 60]!, true);
  bytes[out + 5] = 0x3a;
  view.setUint16(out + 6, PAIRS[seconds - minutes * 60]!, true);
  w.out = out + 8;
}

function writeFraction(w: Scratch, nanos: number): void {
  if (nanos === 0) return;
  w.bytes[w.out++] = 0x2e;
  const micros = (nanos / 1000) | 0;
  const millis = (micros / 1000) | 0;
  if (micros * 1000 !== nanos) writeDigits(w, nanos, 9);
  else if (millis * 1000 !== micros) writeDigits(w, micros, 6);
  else writeDigits(w, millis, 3);
}

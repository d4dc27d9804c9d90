import type { Cursor } from './cursor.js';
import { MAX_NUMBER_LENGTH } from './exact-number.js';

const MINUS = 0x2d;
const PLUS = 0x2b;
const DOT = 0x2e;
const ZERO = 0x30;
const NINE = 0x39;

/**
 * Maximum length of a number that surely is below 2^53 and keeps its 15 decimal digits in a double (IEEE 754), without
 * an exponent.
 */
const SHORT = 15;

/** Maximum length of an integer that surely is at most 1.7e308. */
const SURELY_FINITE = 300;

/**
 * Scans the number that starts at the cursor. Fails on everything that RFC 8259 section 6 does not allow, on overflow
 * and on numbers longer than MAX_NUMBER_LENGTH.
 */
export function scanNumber(cursor: Cursor): void {
  const { bytes } = cursor;
  const start = cursor.at;
  const first = bytes[start] === MINUS ? start + 1 : start;
  let at = passDigits(cursor, first, 'a number needs a digit');
  if (bytes[first] === ZERO && at > first + 1) cursor.fail('a number may not start with 0', start);
  const dot = bytes[at] === DOT ? at : -1;
  if (dot !== -1) at = passDigits(cursor, dot + 1, 'a number needs a digit after its point');
  const exponent = bytes[at] === 0x65 || bytes[at] === 0x45 ? at : -1;
  if (exponent !== -1) {
    const sign = bytes[at + 1];
    at = passDigits(cursor, sign === PLUS || sign === MINUS ? at + 2 : at + 1, 'an exponent needs a digit');
  }
  cursor.at = at;
  if (at - start <= SHORT && (exponent === -1 || isSurelySafe(bytes, exponent, start, at))) return;
  if (at - start > MAX_NUMBER_LENGTH) cursor.refuse(`a number has more than ${MAX_NUMBER_LENGTH} characters`, start);
  if (exponent === -1 && dot === -1 && at - start < SURELY_FINITE) {
    cursor.exact.push(start, at);
    return;
  }
  if (exponent === -1 && dot !== -1 && isSurelyFractional(bytes, first, dot)) return;
  inspectLongNumber(cursor, start);
}

function passDigits(cursor: Cursor, from: number, problem: string): number {
  const { bytes, end } = cursor;
  let at = from;
  while (at < end && (bytes[at] as number) >= ZERO && (bytes[at] as number) <= NINE) at++;
  if (at === from) cursor.fail(problem, from);
  return at;
}

/** Returns whether a digit after the point surely makes the number a fraction as a double. Avoids arrays of doubles. */
function isSurelyFractional(bytes: Uint8Array, first: number, dot: number): boolean {
  const resolved = first + SHORT + 1;
  for (let at = dot + 1; at < resolved; at++) {
    const digit = bytes[at];
    if (digit === undefined || digit < ZERO || digit > NINE) return false;
    if (digit !== ZERO) return true;
  }
  return false;
}

/** Returns whether a short number stays below 2^53 because its exponent is negative or one small digit. */
function isSurelySafe(bytes: Uint8Array, exponent: number, start: number, end: number): boolean {
  if (bytes[exponent + 1] === MINUS) return true;
  return end - exponent === 2 && exponent - start + (bytes[exponent + 1] as number) - ZERO <= SHORT;
}

function inspectLongNumber(cursor: Cursor, start: number): void {
  const { at } = cursor;
  const value = Number(cursor.text(start));
  if (!Number.isFinite(value)) cursor.fail('a number is out of the range of a double', start);
  if (!Number.isInteger(value)) return;
  if (at - start > SHORT || !Number.isSafeInteger(value)) cursor.exact.push(start, at);
}

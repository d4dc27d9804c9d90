import type { Cursor } from './cursor.js';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const LOWER_U = 0x75;

/** 1 for bytes that are allowed unescaped in a string: printable ASCII except quote and backslash, and DEL. */
const PLAIN = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte >= 0x20 && byte < 0x80 && byte !== QUOTE && byte !== BACKSLASH ? 1 : 0,
);

/** Bytes that may follow a backslash, except `u` (RFC 8259 section 7). */
const SHORT_ESCAPES = new Set(Buffer.from('"\\/bfnrt'));

/** Value of a hexadecimal digit by its byte, 16 for all others. */
const HEX = Uint8Array.from({ length: 256 }, (_, byte) => {
  const digit = String.fromCharCode(byte);
  return /^[0-9a-fA-F]$/.test(digit) ? parseInt(digit, 16) : 16;
});

/** Scans the string that starts at the cursor. Fails on control characters, invalid escapes and invalid UTF-8. */
export function scanString(cursor: Cursor): void {
  const { bytes, end } = cursor;
  let at = cursor.at + 1;
  for (;;) {
    while (at < end && PLAIN[bytes[at] as number] === 1) at++;
    if (at >= end) cursor.fail('a string is not closed', end);
    const byte = bytes[at] as number;
    if (byte === QUOTE) {
      cursor.at = at + 1;
      return;
    }
    if (byte === BACKSLASH) at = passEscape(cursor, at);
    else if (byte >= 0x80) at = passMultibyte(cursor, at);
    else cursor.fail(`the control character 0x${byte.toString(16).padStart(2, '0')} must be escaped in a string`, at);
  }
}

function passEscape(cursor: Cursor, at: number): number {
  const mark = cursor.bytes[at + 1];
  if (mark !== LOWER_U) {
    if (mark === undefined || !SHORT_ESCAPES.has(mark)) cursor.fail('there is no such escape sequence', at);
    return at + 2;
  }
  const unit = readHex(cursor, at);
  if (unit < 0xd800 || unit > 0xdfff) return at + 6;
  return passLowSurrogate(cursor, at, unit);
}

/** Scans a low surrogate. RFC 7493 section 2.1 forbids unpaired surrogates. */
function passLowSurrogate(cursor: Cursor, at: number, high: number): number {
  const isPair = high < 0xdc00 && cursor.bytes[at + 6] === BACKSLASH && cursor.bytes[at + 7] === LOWER_U;
  const low = isPair ? readHex(cursor, at + 6) : 0;
  if (low < 0xdc00 || low > 0xdfff) cursor.fail('an escape sequence is half of a surrogate pair', at);
  return at + 12;
}

function readHex(cursor: Cursor, at: number): number {
  let unit = 0;
  for (let digit = at + 2; digit < at + 6; digit++) {
    const value = HEX[cursor.bytes[digit] ?? 0] as number;
    if (value === 16) cursor.fail('\\u needs four hexadecimal digits', at);
    unit = unit * 16 + value;
  }
  return unit;
}

/** Scans a multibyte character by RFC 3629 section 4: no overlong forms, no surrogates, nothing above U+10FFFF. */
function passMultibyte(cursor: Cursor, at: number): number {
  cursor.ascii = false;
  const { bytes } = cursor;
  const lead = bytes[at] as number;
  const second = bytes[at + 1] ?? 0;
  const [least, most] = secondByteRange(lead);
  let isValid = second >= least && second <= most;
  const size = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  for (let next = at + 2; next < at + size; next++) isValid &&= ((bytes[next] ?? 0) & 0xc0) === 0x80;
  if (!isValid || lead < 0xc2 || lead > 0xf4)
    cursor.fail(`the byte 0x${lead.toString(16)} begins no UTF-8 character`, at);
  return at + size;
}

const ANY_SECOND = [0x80, 0xbf] as const;
const SECOND_BYTE_RANGES = new Map<number, readonly [number, number]>([
  [0xe0, [0xa0, 0xbf]],
  [0xed, [0x80, 0x9f]],
  [0xf0, [0x90, 0xbf]],
  [0xf4, [0x80, 0x8f]],
]);

function secondByteRange(lead: number): readonly [number, number] {
  return SECOND_BYTE_RANGES.get(lead) ?? ANY_SECOND;
}

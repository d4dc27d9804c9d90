import type { FieldPlan } from './plan.js';
import { NOT_PLAIN, reserve } from './scratch.js';
import type { Scratch } from './scratch.js';
import { writeLiteral } from './write-literal.js';

/** Maximum growth: a byte of a string may become `\u001f`, six bytes of JSON. */
const WORST_GROWTH = 6;
const PIECE = 4096;
/** Number of consecutive plain bytes after which words are tried again. */
const PLAIN_RUN = 8;

/** 0: unchanged; 1: `\u00xx`; 0x80: part of a multibyte character; any other: the letter after a backslash. */
const ESCAPES = new Uint8Array(256).fill(1, 0, 0x20).fill(0x80, 0x80);
for (const [code, letter] of ['\b' + 'b', '\t' + 't', '\n' + 'n', '\f' + 'f', '\r' + 'r', '""', '\\\\']) {
  ESCAPES[code!.charCodeAt(0)] = letter!.charCodeAt(0);
}
const HEX = Buffer.from('0123456789abcdef');

/**
 * Writes the bytes from `w.pos` to `end` as a JSON string. Four bytes per step: a word is copied when none of its bytes
 * is a control character, a quote, a backslash or beyond ASCII. Invalid UTF-8 is not plain.
 */
export function writeText(w: Scratch, end: number): void {
  const length = end - w.pos;
  if (length > PIECE) {
    writeLongText(w, end);
    return;
  }
  reserve(w, length * WORST_GROWTH + 2);
  w.bytes[w.out++] = 0x22;
  writePiece(w, end, end);
  w.bytes[w.out++] = 0x22;
}

/** Writes the key of a field and, up to `end`, its text. */
export function writeTextMember(w: Scratch, field: FieldPlan, end: number): void {
  const length = end - w.pos;
  if (length > PIECE) {
    reserve(w, field.room);
    writeLiteral(w, field.key);
    writeLongText(w, end);
    return;
  }
  reserve(w, field.room + length * WORST_GROWTH);
  writeLiteral(w, field.quotedKey);
  writePiece(w, end, end);
  w.bytes[w.out++] = 0x22;
}

/** Writes text of any length, without reserving space for escapes of all of it. */
function writeLongText(w: Scratch, end: number): void {
  reserve(w, PIECE * WORST_GROWTH + 2);
  w.bytes[w.out++] = 0x22;
  while (w.pos < end) {
    writePiece(w, Math.min(w.pos + PIECE, end), end);
    reserve(w, PIECE * WORST_GROWTH + 2);
  }
  w.bytes[w.out++] = 0x22;
}

function writePiece(w: Scratch, stop: number, end: number): void {
  const view = w.view;
  let pos = w.pos;
  let out = w.out;
  while (pos < stop) {
    const left = stop - pos;
    let word = view.getInt32(pos, true);
    view.setInt32(out, word, true);
    if (left < 4) word = withSpaces(word, left);
    if (isPlainWord(word)) {
      const copied = left < 4 ? left : 4;
      pos += copied;
      out += copied;
      continue;
    }
    w.pos = pos;
    w.out = out;
    writeCareful(w, stop, end);
    pos = w.pos;
    out = w.out;
  }
  w.pos = pos;
  w.out = out;
}

/** Returns the first one to three bytes of a word, padded with spaces. */
function withSpaces(word: number, count: number): number {
  const mask = -1 >>> (32 - count * 8);
  return (word & mask) | (0x20202020 & ~mask);
}

function isPlainWord(word: number): boolean {
  const controls = (word - 0x20202020) | 0;
  const quotes = ((word ^ 0x22222222) - 0x01010101) | 0;
  const backslashes = ((word ^ 0x5c5c5c5c) - 0x01010101) | 0;
  return ((word | controls | quotes | backslashes) & 0x80808080) === 0;
}

/** Writes character by character until a run of plain ones. */
function writeCareful(w: Scratch, stop: number, end: number): void {
  const bytes = w.bytes;
  let plain = 0;
  while (w.pos < stop && plain < PLAIN_RUN) {
    const byte = bytes[w.pos]!;
    const escape = ESCAPES[byte]!;
    if (escape === 0) {
      plain++;
      bytes[w.out++] = byte;
      w.pos++;
    } else {
      plain = 0;
      if (escape === 0x80) copyCharacter(w, byte, end);
      else writeEscape(w, byte, escape);
    }
  }
}

function writeEscape(w: Scratch, byte: number, escape: number): void {
  const bytes = w.bytes;
  bytes[w.out++] = 0x5c;
  w.pos++;
  if (escape !== 1) {
    bytes[w.out++] = escape;
    return;
  }
  bytes[w.out] = 0x75;
  bytes[w.out + 1] = 0x30;
  bytes[w.out + 2] = 0x30;
  bytes[w.out + 3] = HEX[byte >> 4]!;
  bytes[w.out + 4] = HEX[byte & 15]!;
  w.out += 5;
}

/** Copies one character of two to four bytes (RFC 3629, table of section 4). */
function copyCharacter(w: Scratch, lead: number, end: number): void {
  const size = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  if (lead < 0xc2 || lead > 0xf4 || w.pos + size > end) throw NOT_PLAIN;
  const bytes = w.bytes;
  const second = bytes[w.pos + 1]!;
  const lowest = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80;
  const highest = lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf;
  if (second < lowest || second > highest) throw NOT_PLAIN;
  for (let i = 2; i < size; i++) if ((bytes[w.pos + i]! & 0xc0) !== 0x80) throw NOT_PLAIN;
  for (let i = 0; i < size; i++) bytes[w.out++] = bytes[w.pos++]!;
}

/** Writes ASCII text that needs no escapes. */
export function writeAscii(w: Scratch, text: string): void {
  reserve(w, text.length);
  for (let i = 0; i < text.length; i++) w.bytes[w.out++] = text.charCodeAt(i);
}

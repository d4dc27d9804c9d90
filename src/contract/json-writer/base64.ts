import { reserve } from './scratch.js';
import type { Scratch } from './scratch.js';

const ALPHABET = Buffer.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/');
/** Size from which the native encoder is faster, in bytes. */
const NATIVE_FROM = 256;

/** Writes the bytes from `w.pos` to `end` as a JSON string in standard base64 with padding. */
export function writeBase64(w: Scratch, end: number): void {
  reserve(w, Math.ceil((end - w.pos) / 3) * 4 + 2);
  w.bytes[w.out++] = 0x22;
  if (end - w.pos >= NATIVE_FROM) writeNative(w, end);
  else writeTriples(w, end);
  w.bytes[w.out++] = 0x22;
}

function writeNative(w: Scratch, end: number): void {
  w.out += w.bytes.write(w.bytes.toString('base64', w.pos, end), w.out, 'latin1');
  w.pos = end;
}

function writeTriples(w: Scratch, end: number): void {
  const bytes = w.bytes;
  for (; w.pos + 3 <= end; w.pos += 3) {
    writeQuad(w, (bytes[w.pos]! << 16) | (bytes[w.pos + 1]! << 8) | bytes[w.pos + 2]!);
  }
  const left = end - w.pos;
  if (left === 0) return;
  writeQuad(w, (bytes[w.pos]! << 16) | (left === 2 ? bytes[w.pos + 1]! << 8 : 0));
  bytes[w.out - 1] = 0x3d;
  if (left === 1) bytes[w.out - 2] = 0x3d;
  w.pos = end;
}

function writeQuad(w: Scratch, bits: number): void {
  const bytes = w.bytes;
  bytes[w.out++] = ALPHABET[bits >> 18]!;
  bytes[w.out++] = ALPHABET[(bits >> 12) & 63]!;
  bytes[w.out++] = ALPHABET[(bits >> 6) & 63]!;
  bytes[w.out++] = ALPHABET[bits & 63]!;
}

import { closeArray, closeObject, noteKey } from './brackets.js';
import { writeDouble } from './number.js';
import { MAX_DEPTH } from './plan.js';
import { NOT_PLAIN, reserve } from './scratch.js';
import type { Scratch } from './scratch.js';
import { writeAscii, writeText } from './text.js';
import { readEnd, readVarint64 } from './varint.js';

const KEY_TAG = 0x0a;
const VALUE_TAG = 0x12;
const ELEMENT_TAG = 0x0a;
/** Space for a number, a boolean or null, and a comma. */
const ROOM = 32;

/** Writes a google.protobuf.Struct as a JSON object. */
export function writeStruct(w: Scratch, end: number, depth: number): void {
  const start = w.out;
  const base = w.spanCount;
  let large: Set<string> | undefined;
  while (w.pos < end) {
    if (w.bytes[w.pos++] !== ELEMENT_TAG) throw NOT_PLAIN;
    const stop = readEnd(w, end);
    reserve(w, ROOM);
    w.bytes[w.out++] = 0x2c;
    const key = w.out;
    writeKey(w, stop);
    large = noteKey(w, base, key, large);
    w.bytes[w.out++] = 0x3a;
    if (w.pos >= stop || w.bytes[w.pos++] !== VALUE_TAG) throw NOT_PLAIN;
    writeJsonValue(w, readEnd(w, stop), depth + 1);
    if (w.pos !== stop) throw NOT_PLAIN;
  }
  w.spanCount = base;
  closeObject(w, start);
}

function writeKey(w: Scratch, stop: number): void {
  if (w.bytes[w.pos++] !== KEY_TAG) throw NOT_PLAIN;
  writeText(w, readEnd(w, stop));
}

/** Writes a google.protobuf.ListValue as a JSON array. */
export function writeListValue(w: Scratch, end: number, depth: number): void {
  const start = w.out;
  while (w.pos < end) {
    if (w.bytes[w.pos++] !== ELEMENT_TAG) throw NOT_PLAIN;
    reserve(w, ROOM);
    w.bytes[w.out++] = 0x2c;
    writeJsonValue(w, readEnd(w, end), depth + 1);
  }
  closeArray(w, start);
}

/** Writes a google.protobuf.Value as a JSON value. */
export function writeJsonValue(w: Scratch, end: number, depth: number): void {
  if (depth > MAX_DEPTH || w.pos >= end) throw NOT_PLAIN;
  switch (w.bytes[w.pos++]) {
    case 0x08:
      if (readBool(w)) throw NOT_PLAIN;
      writeAscii(w, 'null');
      break;
    case 0x11:
      writeFinite(w, end);
      break;
    case 0x1a:
      writeText(w, readEnd(w, end));
      break;
    case 0x20:
      writeAscii(w, readBool(w) ? 'true' : 'false');
      break;
    case 0x2a:
      writeStruct(w, readEnd(w, end), depth + 1);
      break;
    case 0x32:
      writeListValue(w, readEnd(w, end), depth + 1);
      break;
    default:
      throw NOT_PLAIN;
  }
  if (w.pos !== end) throw NOT_PLAIN;
}

function readBool(w: Scratch): boolean {
  readVarint64(w);
  return (w.low | w.high) !== 0;
}

function writeFinite(w: Scratch, end: number): void {
  if (w.pos + 8 > end) throw NOT_PLAIN;
  const value = w.view.getFloat64(w.pos, true);
  if (!Number.isFinite(value)) throw NOT_PLAIN;
  w.pos += 8;
  writeDouble(w, value);
}

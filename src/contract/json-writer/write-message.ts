import { writeBase64 } from './base64.js';
import { closeArray, closeObject, noteKey } from './brackets.js';
import { Literal } from './literal.js';
import { isNextTag, isZero, locate, writeAbsent, writeMapKey } from './members.js';
import { KIND, MAX_DEPTH, NO_TAG } from './plan.js';
import type { FieldPlan, MessagePlan } from './plan.js';
import { writeEnum, writeNumber } from './scalar.js';
import { NOT_PLAIN, reserve } from './scratch.js';
import type { Scratch } from './scratch.js';
import { writeJsonValue, writeListValue, writeStruct } from './struct.js';
import { writeText, writeTextMember } from './text.js';
import { writeDuration, writeTimestamp } from './time.js';
import { readEnd, readTag, readVarint64 } from './varint.js';
import { isLiteral, writeLiteral } from './write-literal.js';

const TYPE_KEY = new Literal(',"@type":');
const VALUE_KEY = new Literal(',"value":');
const COMMA = 0x2c;
/** Space for a value that is not a string, bytes or message. */
const ROOM = 64;
const NULL = new Literal('null');

/**
 * Writes the bytes from `w.pos` to `end` as the JSON of a message. Throws NOT_PLAIN for a message that is not in plain
 * order, is invalid or belongs to another tenant; the slow path determines which.
 */
export function writeMessage(w: Scratch, plan: MessagePlan, end: number, depth: number): void {
  if (depth > MAX_DEPTH) throw NOT_PLAIN;
  if (plan.kind === 11) {
    const start = w.out;
    writeMembers(w, plan, end, depth);
    closeObject(w, start);
  } else {
    reserve(w, ROOM);
    writeWellKnown(w, plan, end, depth);
    if (w.pos !== end) throw NOT_PLAIN;
  }
}

function writeWellKnown(w: Scratch, plan: MessagePlan, end: number, depth: number): void {
  switch (plan.kind) {
    case 21:
      return writeTimestamp(w, end);
    case 22:
      return writeDuration(w, end);
    case 23:
      return writeWrapper(w, plan, end, depth);
    case 24:
      return writeStruct(w, end, depth);
    case 25:
      return writeJsonValue(w, end, depth);
    case 26:
      return writeListValue(w, end, depth);
    case 27:
      return writeAny(w, plan, end, depth);
    default:
      throw NOT_PLAIN;
  }
}

/** Writes members, each with a comma before it, and those absent on the wire, in the order of field numbers. */
function writeMembers(w: Scratch, plan: MessagePlan, end: number, depth: number): void {
  const fields = plan.fields;
  let next = 0;
  let oneofs = 0;
  while (w.pos < end) {
    const tag = readTag(w);
    let field = fields[next];
    if (field === undefined || field.tag !== tag) {
      w.tag = tag;
      const at = locate(w, plan, next, end);
      if (at < 0) {
        oneofs = passOneof(plan, tag, oneofs);
        continue;
      }
      if (at !== next) writeAbsent(w, plan, next, at);
      next = at;
      field = fields[at]!;
    }
    next++;
    if (field.isText) {
      writeTextMember(w, field, readEnd(w, end));
      continue;
    }
    if (field.oneof !== 0) {
      if ((oneofs & field.oneof) !== 0) throw NOT_PLAIN;
      oneofs |= field.oneof;
    }
    w.tag = tag;
    writeField(w, field, end, depth);
  }
  if (w.pos !== end) throw NOT_PLAIN;
  if (next !== fields.length - 1) writeAbsent(w, plan, next, fields.length - 1);
}

/** Records a skipped member of a oneof: it replaces one before it, as one after it replaces it. */
function passOneof(plan: MessagePlan, tag: number, oneofs: number): number {
  const bit = plan.passedOneofs?.get(tag >>> 3) ?? 0;
  if ((oneofs & bit) !== 0) throw NOT_PLAIN;
  return oneofs | bit;
}

function writeField(w: Scratch, field: FieldPlan, end: number, depth: number): void {
  reserve(w, field.room);
  const before = w.out;
  writeLiteral(w, field.key);
  const start = w.out;
  if (field.isList) writeList(w, field, end, depth);
  else if (field.isMap) writeMap(w, field, end, depth);
  else writeValue(w, field, end, depth);
  if (field.hidden || (field.dropsZero && isZero(w, field.zero, start))) w.out = before;
}

function writeValue(w: Scratch, field: FieldPlan, end: number, depth: number): void {
  switch (field.kind) {
    case 9:
      return writeText(w, readEnd(w, end));
    case 12:
      return writeBase64(w, readEnd(w, end));
    case 14:
      return writeEnum(w, field.enumPlan!);
    case 19:
      return writeNull(w);
    case 20:
      return writeTenant(w, readEnd(w, end));
    case 11:
    case 21:
    case 22:
    case 23:
    case 24:
    case 25:
    case 26:
    case 27:
      return writeMessage(w, field.message!, readEnd(w, end), depth + 1);
    case 28:
      throw NOT_PLAIN;
    default:
      return writeNumber(w, field.kind);
  }
}

function writeNull(w: Scratch): void {
  readVarint64(w);
  if (w.low !== 0) throw NOT_PLAIN;
  writeLiteral(w, NULL);
}

function writeTenant(w: Scratch, end: number): void {
  if (!w.checksTenant) {
    writeText(w, end);
    return;
  }
  if (!isLiteral(w, end, w.tenant)) throw NOT_PLAIN;
  w.pos = end;
  reserve(w, w.tenantJson.length);
  writeLiteral(w, w.tenantJson);
}

function writeList(w: Scratch, field: FieldPlan, end: number, depth: number): void {
  const { tag, out: start } = w;
  if ((tag & 7) === 2 && field.otherTag !== NO_TAG) {
    const stop = readEnd(w, end);
    while (w.pos < stop) {
      reserve(w, field.room);
      w.bytes[w.out++] = COMMA;
      writeValue(w, field, stop, depth);
    }
    if (w.pos !== stop) throw NOT_PLAIN;
  } else {
    do {
      reserve(w, field.room);
      w.bytes[w.out++] = COMMA;
      writeValue(w, field, end, depth);
    } while (isNextTag(w, tag, end));
  }
  closeArray(w, start);
}

function writeMap(w: Scratch, field: FieldPlan, end: number, depth: number): void {
  const { tag, out: start } = w;
  const base = w.spanCount;
  let large: Set<string> | undefined;
  do {
    const stop = readEnd(w, end);
    reserve(w, field.room);
    w.bytes[w.out++] = COMMA;
    const key = w.out;
    writeMapKey(w, field, stop);
    large = noteKey(w, base, key, large);
    reserve(w, field.room);
    w.bytes[w.out++] = 0x3a;
    writeMapValue(w, field, stop, depth);
    if (w.pos !== stop) throw NOT_PLAIN;
  } while (isNextTag(w, tag, end));
  w.spanCount = base;
  closeObject(w, start);
}

function writeMapValue(w: Scratch, field: FieldPlan, stop: number, depth: number): void {
  if (w.pos < stop && w.bytes[w.pos] === field.mapValueTag) {
    w.pos++;
    writeValue(w, field, stop, depth);
  } else if (field.message) writeMessage(w, field.message, w.pos, depth + 1);
  else writeLiteral(w, field.zero);
}

function writeWrapper(w: Scratch, plan: MessagePlan, end: number, depth: number): void {
  const field = plan.wrapped!;
  if (w.pos === end) writeLiteral(w, field.zero);
  else if (readTag(w) === field.tag) writeValue(w, field, end, depth);
  else throw NOT_PLAIN;
}

function writeAny(w: Scratch, plan: MessagePlan, end: number, depth: number): void {
  const start = w.out;
  if (w.pos < end) {
    if (w.bytes[w.pos++] !== 0x0a) throw NOT_PLAIN;
    const urlEnd = readEnd(w, end);
    const inner = plan.types.named(w.bytes.toString('latin1', w.pos, urlEnd));
    if (!inner) throw NOT_PLAIN;
    reserve(w, ROOM);
    writeLiteral(w, TYPE_KEY);
    writeText(w, urlEnd);
    writePacked(w, inner, end, depth);
  }
  closeObject(w, start);
}

function writePacked(w: Scratch, inner: MessagePlan, end: number, depth: number): void {
  const hasValue = w.pos < end;
  if (hasValue && w.bytes[w.pos++] !== 0x12) throw NOT_PLAIN;
  const stop = hasValue ? readEnd(w, end) : end;
  reserve(w, ROOM);
  if (inner.kind === KIND.message && depth < MAX_DEPTH) {
    writeMembers(w, inner, stop, depth + 1);
    return;
  }
  writeLiteral(w, VALUE_KEY);
  writeMessage(w, inner, stop, depth + 1);
}

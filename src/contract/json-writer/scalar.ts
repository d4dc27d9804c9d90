import { writeLiteral } from './write-literal.js';
import { unzigzag64, writeDouble, writeInt32, writeLong, writeUint32 } from './number.js';
import type { EnumPlan } from './plan.js';
import { NOT_PLAIN } from './scratch.js';
import type { Scratch } from './scratch.js';
import { writeAscii } from './text.js';
import { readVarint32, readVarint64 } from './varint.js';

/** Reads a number or boolean of a type of google/protobuf/descriptor.proto and writes it as JSON. */
export function writeNumber(w: Scratch, type: number): void {
  switch (type) {
    case 5: // int32
      return writeInt32(w, readVarint32(w));
    case 3: // int64
      readVarint64(w);
      return writeLong(w, true);
    case 8: // bool
      readVarint64(w);
      return writeAscii(w, (w.low | w.high) !== 0 ? 'true' : 'false');
    case 13: // uint32
      return writeUint32(w, readVarint32(w) >>> 0);
    case 4: // uint64
      readVarint64(w);
      return writeLong(w, false);
    case 17: // sint32
      return writeZigzag32(w);
    case 18: // sint64
      readVarint64(w);
      unzigzag64(w);
      return writeLong(w, true);
    default:
      return writeFixed(w, type);
  }
}

function writeZigzag32(w: Scratch): void {
  const value = readVarint32(w);
  writeInt32(w, (value >>> 1) ^ -(value & 1));
}

function writeFixed(w: Scratch, type: number): void {
  const at = w.pos;
  const view = w.view;
  w.pos += type === 2 || type === 7 || type === 15 ? 4 : 8;
  switch (type) {
    case 1:
      return writeDouble(w, view.getFloat64(at, true));
    case 2:
      return writeDouble(w, view.getFloat32(at, true));
    case 7:
      return writeUint32(w, view.getUint32(at, true));
    case 15:
      return writeInt32(w, view.getInt32(at, true));
    case 6: // fixed64
    case 16: // sfixed64
      w.low = view.getInt32(at, true);
      w.high = view.getInt32(at + 4, true);
      return writeLong(w, type === 16);
    default:
      throw NOT_PLAIN;
  }
}

/** Writes the name of an enum value, or its number if it has no name. */
export function writeEnum(w: Scratch, names: EnumPlan): void {
  const number = readVarint32(w);
  const name = number >= 0 && number < names.near.length ? names.near[number] : names.far.get(number);
  if (name !== undefined) writeLiteral(w, name);
  else if (names.open) writeInt32(w, number);
  else throw NOT_PLAIN;
}

import { fromBinary } from '@bufbuild/protobuf';
import type { DescField, DescMessage, Registry } from '@bufbuild/protobuf';
import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';
import { AnySchema } from '@bufbuild/protobuf/wkt';
import { typeOfUrl } from '../type-url.js';
import { isDelimited, kindOfField, tagsOf, wireTypeOf } from './field-shape.js';
import { MAX_DEPTH } from './plan.js';

const KEY = 1;
const VALUE = 2;

/**
 * Checks that bytes are a message of a type: each field with its wire type, each length within its message. Protobuf-ES
 * reads a field without checking its wire type and may then take the bytes of the next field as its value, so it must
 * not read unchecked bytes: the next field may be a redacted one.
 */
export class WireCheck {
  private readonly fields = new Map<DescMessage, ReadonlyMap<number, DescField>>();

  constructor(private readonly registry: Registry) {}

  /** Throws Error, naming the invalid field, for bytes that are not a message of this type. */
  check(desc: DescMessage, bytes: Uint8Array, depth = 1): void {
    this.checkMembers(desc, new BinaryReader(bytes), 0, depth);
    if (desc.typeName === AnySchema.typeName) this.checkPacked(bytes, depth);
  }

  /**
   * Checks the members of a message.
   * @param group number of the group whose end tag ends the message; 0 for a message that ends with its bytes.
   */
  private checkMembers(desc: DescMessage, reader: BinaryReader, group: number, depth: number): void {
    if (depth > MAX_DEPTH) throw new Error(`${desc.typeName} is nested deeper than ${MAX_DEPTH} messages`);
    const fields = this.fieldsOf(desc);
    while (reader.pos < reader.len) {
      const [number, wireType] = reader.tag();
      if (wireType === WireType.EndGroup && group === number) return;
      const field = fields.get(number);
      if (field) this.checkField(field, wireType, reader, depth);
      else reader.skip(wireType, number, MAX_DEPTH - depth);
    }
    if (group !== 0) throw new Error(`${desc.typeName} is a group without an end`);
  }

  private checkField(field: DescField, wireType: WireType, reader: BinaryReader, depth: number): void {
    const tag = ((field.number << 3) | wireType) >>> 0;
    if (!tagsOf(field, kindOfField(field)).includes(tag))
      throw new Error(`${field.toString()} has wire type ${wireType}`);
    if (isDelimited(field)) this.checkMembers(field.message!, reader, field.number, depth + 1);
    else if (field.fieldKind === 'map') this.checkEntry(field, reader.bytes(), depth);
    else if (field.message) this.check(field.message, reader.bytes(), depth + 1);
    else if (wireType === WireType.LengthDelimited) checkPackedValues(field, reader.bytes());
    else reader.skip(wireType, field.number);
  }

  private checkEntry(field: DescField & { fieldKind: 'map' }, entry: Uint8Array, depth: number): void {
    const reader = new BinaryReader(entry);
    while (reader.pos < reader.len) {
      const [number, wireType] = reader.tag();
      const kind = number === KEY ? field.mapKey : kindOfField(field);
      if ((number === KEY || number === VALUE) && wireType !== wireTypeOf(kind)) {
        throw new Error(`${field.toString()} has a map entry with wire type ${wireType}`);
      }
      if (number === VALUE && field.message) this.check(field.message, reader.bytes(), depth + 1);
      else reader.skip(wireType, number, MAX_DEPTH - depth);
    }
  }

  private checkPacked(bytes: Uint8Array, depth: number): void {
    const any = fromBinary(AnySchema, bytes);
    const desc = typeOfUrl(this.registry, any.typeUrl);
    if (desc) this.check(desc, any.value, depth + 1);
  }

  private fieldsOf(desc: DescMessage): ReadonlyMap<number, DescField> {
    let fields = this.fields.get(desc);
    if (!fields) {
      fields = new Map(desc.fields.map((field) => [field.number, field]));
      this.fields.set(desc, fields);
    }
    return fields;
  }
}

/** Checks the elements of a packed list; strings and bytes need no check. */
function checkPackedValues(field: DescField, bytes: Uint8Array): void {
  const wireType = wireTypeOf(kindOfField(field));
  if (wireType === WireType.LengthDelimited) return;
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) reader.skip(wireType, field.number);
}

import { fromJson, ScalarType, toBinary } from '@bufbuild/protobuf';
import type { DescField, DescMessage, JsonValue, Registry } from '@bufbuild/protobuf';
import { BinaryWriter } from '@bufbuild/protobuf/wire';
import { ListValueSchema, StructSchema, ValueSchema } from '@bufbuild/protobuf/wkt';
import fc from 'fast-check';
import type { GeneratorValue } from 'fast-check';
import { writeRandomScalar } from './random-scalar.js';

/** Layout of a random message on the wire, and its special features. */
export interface WireOptions {
  readonly registry: Registry;
  /** Fields in any order, lists and maps in pieces, values twice, messages in parts, fields that nobody knows. */
  readonly disorder: boolean;
  /** Full names of fields that `clean` lacks. */
  readonly redacted: readonly string[];
  /** Full names of fields that are always there, with one of `tenantIds`. */
  readonly tenants: readonly string[];
  readonly tenantIds: readonly string[];
}

/** The bytes of a message, and of the same message without its redacted fields. */
export interface WireMessage {
  readonly full: Uint8Array;
  readonly clean: Uint8Array;
}

const MAX_DEPTH = 4;
const PACKED_TYPES = ['kinds.v1.Kinds', 'kinds.v1.Owned', 'kinds.v1.Scalars', 'google.protobuf.Timestamp'];
const UNKNOWN_NUMBERS = [900, 77_777, 63];
const PATHS = ['a', 'user.display_name', 'x_y.z', 'f'];
const MAP_VALUE = 2;
const NOTHING = new Uint8Array(0);

const integers = (min: number, max: number): fc.Arbitrary<number> =>
  fc.maxSafeInteger().map((n) => between(n, min, max));
const structJson = (): fc.Arbitrary<JsonValue> => fc.dictionary(fc.string(), json()) as fc.Arbitrary<JsonValue>;
const listJson = (): fc.Arbitrary<JsonValue> => fc.array(json(), { maxLength: 4 }) as fc.Arbitrary<JsonValue>;
const json = (): fc.Arbitrary<JsonValue> => fc.jsonValue({ maxDepth: 3 }) as fc.Arbitrary<JsonValue>;

/** Any message of a type. */
export function wireMessages(desc: DescMessage, options: WireOptions): fc.Arbitrary<WireMessage> {
  return fc.gen().map((g) => new RandomWire(g, options).message(desc, 1));
}

class RandomWire {
  constructor(
    private readonly g: GeneratorValue,
    private readonly options: WireOptions,
  ) {}

  message(desc: DescMessage, depth: number): WireMessage {
    return this.wellKnown(desc.typeName, depth) ?? join(this.order(this.fields(desc, depth)));
  }

  private wellKnown(typeName: string, depth: number): WireMessage | undefined {
    switch (typeName) {
      case 'google.protobuf.Timestamp':
        return this.time(this.int(-62_135_596_800, 253_402_300_799), this.nanos());
      case 'google.protobuf.Duration': {
        const seconds = this.int(-315_576_000_000, 315_576_000_000);
        return this.time(seconds, Math.sign(seconds) * this.nanos());
      }
      case 'google.protobuf.Any':
        return this.any(depth);
      case 'google.protobuf.FieldMask':
        return join(this.order([this.g(fc.subarray, PATHS).map((path) => text(1, path))]));
      case 'google.protobuf.Struct':
        return same(toBinary(StructSchema, fromJson(StructSchema, this.g(structJson))));
      case 'google.protobuf.ListValue':
        return same(toBinary(ListValueSchema, fromJson(ListValueSchema, this.g(listJson))));
      case 'google.protobuf.Value':
        return same(toBinary(ValueSchema, fromJson(ValueSchema, this.g(json))));
      default:
        return undefined;
    }
  }

  private time(seconds: number, nanos: number): WireMessage {
    const first = seconds === 0 ? NOTHING : new BinaryWriter().tag(1, 0).int64(seconds).finish();
    const second = nanos === 0 ? NOTHING : new BinaryWriter().tag(2, 0).int32(nanos).finish();
    return join(this.order([[same(first)], [same(second)]]));
  }

  private nanos(): number {
    return this.g(fc.constantFrom, 0, 0, 1, 5_000_000, 120_000, 999_999_999);
  }

  private any(depth: number): WireMessage {
    const typeName = this.g(fc.constantFrom, ...PACKED_TYPES);
    if (depth >= MAX_DEPTH) return same(NOTHING);
    const packed = this.message(this.options.registry.getMessage(typeName)!, depth + 1);
    return join(this.order([[text(1, `type.googleapis.com/${typeName}`)], [tagged(2, packed)]]));
  }

  /** The records of each field, in the order of field numbers. */
  private fields(desc: DescMessage, depth: number): WireMessage[][] {
    const { disorder, tenants } = this.options;
    const numbers = desc.fields.map((field) => field.number);
    const chosen = this.g(fc.subarray, numbers, { maxLength: Math.min(5, numbers.length) });
    const oneofs = new Set<unknown>();
    return desc.fields
      .toSorted((a, b) => a.number - b.number)
      .filter((field) => tenants.includes(nameOf(field)) || chosen.includes(field.number))
      .filter((field) => depth < MAX_DEPTH || !field.message)
      .filter((field) => disorder || !field.oneof || oneofs.size !== oneofs.add(field.oneof).size)
      .map((field) => this.field(field, depth));
  }

  private field(field: DescField, depth: number): WireMessage[] {
    const records = this.records(field, depth);
    if (!this.options.redacted.includes(nameOf(field))) return records;
    return records.map(({ full }) => ({ full, clean: NOTHING }));
  }

  private records(field: DescField, depth: number): WireMessage[] {
    if (field.fieldKind === 'map') return this.entries(field, depth);
    if (field.fieldKind === 'list') return this.elements(field, depth);
    return this.times(this.options.disorder ? this.int(1, 2) : 1, () => this.value(field, field.number, depth));
  }

  private elements(field: DescField & { fieldKind: 'list' }, depth: number): WireMessage[] {
    const count = this.int(0, 3);
    const isPackable = field.scalar !== ScalarType.STRING && field.scalar !== ScalarType.BYTES && !field.message;
    if (!isPackable || this.g(fc.boolean)) return this.times(count, () => this.value(field, field.number, depth));
    return this.times(this.options.disorder ? 2 : 1, () => {
      const values = this.times(count, () => this.scalar(field, undefined));
      return tagged(field.number, same(Buffer.concat(values)));
    });
  }

  private entries(field: DescField & { fieldKind: 'map' }, depth: number): WireMessage[] {
    const keys = new Set<string>();
    const entries = this.times(this.int(0, this.int(0, 9) === 0 ? 40 : 3), () => {
      const key = this.int(0, 9) === 0 ? NOTHING : writeRandomScalar(this.g, field.mapKey, 1).finish();
      const seen = keys.size === keys.add(Buffer.from(key).toString('hex')).size;
      if (!this.options.disorder && (seen || isZero(key))) return [];
      const hasValue = field.message !== undefined || this.int(0, 9) > 0;
      const value = hasValue ? this.value(field, MAP_VALUE, depth) : same(NOTHING);
      return [tagged(field.number, join(this.order([[same(key)], [value]])))];
    });
    return entries.flat();
  }

  private value(field: DescField, number: number, depth: number): WireMessage {
    if (field.message) return tagged(number, this.message(field.message, depth + 1));
    const { tenants, tenantIds } = this.options;
    if (tenants.includes(nameOf(field))) return text(number, this.g(fc.constantFrom, ...tenantIds));
    return same(this.scalar(field, number));
  }

  private scalar(field: DescField, number: number | undefined): Uint8Array {
    if (!field.enum) return writeRandomScalar(this.g, field.scalar!, number).finish();
    const unnamed = field.enum.open && field.enum.typeName !== 'google.protobuf.NullValue' ? [5, -7, 300] : [];
    const writer = number === undefined ? new BinaryWriter() : new BinaryWriter().tag(number, 0);
    return writer
      .int32(this.g(fc.constantFrom, ...field.enum.values.map((value) => value.number), ...unnamed))
      .finish();
  }

  /** Records as they go on the wire. */
  private order(fields: readonly WireMessage[][]): WireMessage[] {
    if (!this.options.disorder) return fields.flat();
    const unknown = this.times(this.int(0, 2), () => text(this.g(fc.constantFrom, ...UNKNOWN_NUMBERS), 'unknown'));
    const records = [...fields.flat(), ...unknown];
    const indexes = this.g(fc.shuffledSubarray, [...records.keys()], { minLength: records.length });
    return indexes.map((i) => records[i]!);
  }

  private times<T>(count: number, make: () => T): T[] {
    return Array.from({ length: count }, make);
  }

  private int(min: number, max: number): number {
    return this.g(integers, min, max);
  }
}

/** Folds any integer into a range; small ones stay what they are. */
function between(value: number, min: number, max: number): number {
  if (value >= min && value <= max) return value;
  return min + (Math.abs(value) % (max - min + 1));
}

function nameOf(field: DescField): string {
  return `${field.parent.typeName}.${field.name}`;
}

function isZero(key: Uint8Array): boolean {
  return key.length > 0 && key.subarray(1).every((byte) => byte === 0);
}

function same(bytes: Uint8Array): WireMessage {
  return { full: bytes, clean: bytes };
}

function text(number: number, value: string): WireMessage {
  return same(new BinaryWriter().tag(number, 2).string(value).finish());
}

function tagged(number: number, { full, clean }: WireMessage): WireMessage {
  const tag = (bytes: Uint8Array): Uint8Array => new BinaryWriter().tag(number, 2).bytes(bytes).finish();
  return { full: tag(full), clean: tag(clean) };
}

function join(records: readonly WireMessage[]): WireMessage {
  return {
    full: Buffer.concat(records.map(({ full }) => full)),
    clean: Buffer.concat(records.map(({ clean }) => clean)),
  };
}

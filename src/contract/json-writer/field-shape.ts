import { ScalarType } from '@bufbuild/protobuf';
import type { DescEnum, DescField, DescMessage } from '@bufbuild/protobuf';
import { Literal } from './literal.js';
import { KIND, NO_TAG } from './plan.js';
import type { EnumPlan } from './plan.js';

/** google.protobuf.FeatureSet.FieldPresence. */
const IMPLICIT = 2;
const LEGACY_REQUIRED = 3;
const MAX_ONEOFS = 31;
const NEAR_ENUM = 256;
const WRAPPER = /^google\.protobuf\.(Double|Float|U?Int64|U?Int32|Bool|String|Bytes)Value$/;

const WELL_KNOWN: Readonly<Record<string, number>> = {
  'google.protobuf.Timestamp': KIND.timestamp,
  'google.protobuf.Duration': KIND.duration,
  'google.protobuf.Struct': KIND.struct,
  'google.protobuf.Value': KIND.value,
  'google.protobuf.ListValue': KIND.listValue,
  'google.protobuf.Any': KIND.any,
  'google.protobuf.FieldMask': KIND.rare,
};

const WIRE_64 = 1;
const WIRE_LENGTH = 2;
const WIRE_GROUP = 3;
const WIRE_32 = 5;
const WIRE_TYPES: Readonly<Record<number, number>> = {
  [KIND.double]: WIRE_64,
  [KIND.fixed64]: WIRE_64,
  [KIND.sfixed64]: WIRE_64,
  [KIND.float]: WIRE_32,
  [KIND.fixed32]: WIRE_32,
  [KIND.sfixed32]: WIRE_32,
  [KIND.string]: WIRE_LENGTH,
  [KIND.bytes]: WIRE_LENGTH,
  [KIND.message]: WIRE_LENGTH,
};

/** Returns the kind of a message type. */
export function kindOfMessage(desc: DescMessage): number {
  const wellKnown = WELL_KNOWN[desc.typeName];
  if (wellKnown !== undefined) return wellKnown;
  if (WRAPPER.test(desc.typeName)) return KIND.wrapper;
  const isRequired = desc.fields.some((field) => field.presence === LEGACY_REQUIRED);
  return isRequired || desc.oneofs.length > MAX_ONEOFS ? KIND.rare : KIND.message;
}

/** Returns the kind of the values of a field: its elements if it is a list, the values if it is a map. */
export function kindOfField(field: DescField): number {
  if (field.message) return isDelimited(field) ? KIND.rare : kindOfMessage(field.message);
  if (field.enum) return field.enum.typeName === 'google.protobuf.NullValue' ? KIND.nullValue : KIND.enum;
  return field.scalar;
}

/** Returns whether a field is encoded between tags instead of with a length prefix: a group. */
export function isDelimited(field: DescField): boolean {
  return (
    (field.fieldKind === 'message' || (field.fieldKind === 'list' && field.listKind === 'message')) &&
    field.delimitedEncoding
  );
}

/**
 * Returns whether a field has no presence: a zero equals an absent value on the wire, so that JSON always or never
 * shows it.
 */
export function hasNoPresence(field: DescField): boolean {
  if (field.fieldKind === 'list' || field.fieldKind === 'map') return true;
  return field.presence === IMPLICIT && field.oneof === undefined && !field.message;
}

/** Returns the wire type of a value of this kind. */
export function wireTypeOf(kind: number): number {
  return WIRE_TYPES[kind] ?? (kind >= KIND.tenant ? WIRE_LENGTH : 0);
}

/** Returns the usual tag of a field and the alternative tag that is also accepted: packed or not. */
export function tagsOf(field: DescField, kind: number): [tag: number, otherTag: number] {
  const tagged = (wireType: number): number => ((field.number << 3) | wireType) >>> 0;
  if (field.fieldKind === 'map') return [tagged(WIRE_LENGTH), NO_TAG];
  if (isDelimited(field)) return [tagged(WIRE_GROUP), NO_TAG];
  const wireType = wireTypeOf(kind);
  if (field.fieldKind !== 'list' || wireType === WIRE_LENGTH) return [tagged(wireType), NO_TAG];
  return field.packed ? [tagged(WIRE_LENGTH), tagged(wireType)] : [tagged(wireType), tagged(WIRE_LENGTH)];
}

/** Selects the names of fields and enum values in responses (ProtoJSON). */
export interface JsonNames {
  /** True if fields have their proto names instead of their JSON names. */
  readonly protoNames: boolean;
  /** True if enum values are numbers. */
  readonly enumNumbers: boolean;
}

/** Returns the name of a field in responses. */
export function nameOf(field: DescField, { protoNames }: Pick<JsonNames, 'protoNames'>): string {
  return protoNames ? field.name : field.jsonName;
}

/** Returns the key of a member, such as `,"displayName":`. */
export function keyText(field: DescField, names: JsonNames): string {
  return `,${JSON.stringify(nameOf(field, names))}:`;
}

/** Returns the JSON of the default value: of a singular field, of one element, of one value of a map. */
export function zeroText(field: DescField, { enumNumbers }: Pick<JsonNames, 'enumNumbers'>): string {
  if (field.enum) {
    if (field.enum.typeName === 'google.protobuf.NullValue') return 'null';
    const first = field.enum.values[0]!;
    if (enumNumbers) return String(first.number);
    return JSON.stringify(field.enum.value[first.number]?.jsonName ?? first.jsonName);
  }
  return field.message ? '' : scalarZero(field.scalar);
}

/** Returns the JSON of the key of a map entry without one. */
export function mapKeyZero(key: ScalarType): string {
  const text = scalarZero(key);
  return text.startsWith('"') ? text : `"${text}"`;
}

function scalarZero(scalar: ScalarType): string {
  switch (scalar) {
    case ScalarType.STRING:
    case ScalarType.BYTES:
      return '""';
    case ScalarType.BOOL:
      return 'false';
    case ScalarType.INT64:
    case ScalarType.UINT64:
    case ScalarType.SINT64:
    case ScalarType.FIXED64:
    case ScalarType.SFIXED64:
      return '"0"';
    default:
      return '0';
  }
}

/** Returns the JSON of the values of an enum: their names, or their numbers. */
export function compileEnum(desc: DescEnum, { enumNumbers }: Pick<JsonNames, 'enumNumbers'>): EnumPlan {
  const near: (Literal | undefined)[] = [];
  const far = new Map<number, Literal>();
  for (const { number } of desc.values) {
    const name = new Literal(enumNumbers ? String(number) : JSON.stringify(desc.value[number]!.jsonName));
    if (number >= 0 && number < NEAR_ENUM) near[number] = name;
    else far.set(number, name);
  }
  return { near: Array.from(near), far, open: desc.open };
}

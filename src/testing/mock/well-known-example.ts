import { create, type Message } from '@bufbuild/protobuf';
import {
  DurationSchema,
  ListValueSchema,
  StructSchema,
  timestampFromMs,
  type Value,
  ValueSchema,
} from '@bufbuild/protobuf/wkt';

const BASE_MS = Date.UTC(2026, 0, 5, 9);
const HOUR_MS = 3_600_000;
const MONTH_MS = 30 * 24 * HOUR_MS;

type Example = (fieldName: string, ordinal: number) => Message | undefined;

/**
 * Well-known types whose fields have no meaningful names. Types without a sensible example are left out: Any and
 * FieldMask.
 */
const EXAMPLES: ReadonlyMap<string, Example> = new Map<string, Example>([
  ['google.protobuf.Timestamp', (name, ordinal) => timestampFromMs(instant(name, ordinal))],
  ['google.protobuf.Duration', () => create(DurationSchema, { seconds: 30n })],
  ['google.protobuf.Struct', () => create(StructSchema, { fields: { example: textValue() } })],
  ['google.protobuf.Value', () => textValue()],
  ['google.protobuf.ListValue', () => create(ListValueSchema, { values: [textValue()] })],
  ['google.protobuf.Any', () => undefined],
  ['google.protobuf.FieldMask', () => undefined],
]);

/** Returns whether {@link wellKnownExample} handles a message type. */
export function isWellKnown(typeName: string): boolean {
  return EXAMPLES.has(typeName);
}

/** Returns an example of a well-known type; undefined to leave the field unset. */
export function wellKnownExample(typeName: string, fieldName: string, ordinal: number): Message | undefined {
  return EXAMPLES.get(typeName)?.(fieldName, ordinal);
}

/** Returns a time: created one hour before updated, and expiring in a month. */
function instant(name: string, ordinal: number): number {
  const start = BASE_MS + ordinal * HOUR_MS;
  if (/expir|until|due|end/.test(name)) return start + MONTH_MS;
  return /updat|modif|chang|last/.test(name) ? start + HOUR_MS : start;
}

function textValue(): Value {
  return create(ValueSchema, { kind: { case: 'stringValue', value: 'example' } });
}

import type { DescMessage } from '@bufbuild/protobuf';
import { isWrapperDesc } from '@bufbuild/protobuf/wkt';
import type { Json, JsonObject } from './json.js';
import { scalarExample, scalarSchema } from './scalar-schema.js';

/** Keywords that do not constrain a value. */
const NOTES = new Set(['description', 'deprecated', 'readOnly', 'writeOnly']);

interface WellKnown {
  readonly schema: JsonObject;
  readonly example: Json;
}

/** The messages of google.protobuf whose JSON form is not an object of their fields. */
const WELL_KNOWN: ReadonlyMap<string, WellKnown> = new Map([
  [
    'google.protobuf.Timestamp',
    {
      schema: { type: 'string', format: 'date-time', description: 'RFC 3339, in UTC, up to nanoseconds.' },
      example: '2026-01-31T12:00:00Z',
    },
  ],
  [
    'google.protobuf.Duration',
    {
      schema: { type: 'string', pattern: '^-?[0-9]+(\\.[0-9]{1,9})?s$', description: 'Seconds, such as `1.5s`.' },
      example: '30s',
    },
  ],
  [
    'google.protobuf.FieldMask',
    {
      schema: { type: 'string', description: 'Paths in lowerCamelCase, separated by commas.' },
      example: 'name,labels',
    },
  ],
  ['google.protobuf.Struct', { schema: { type: 'object', additionalProperties: true }, example: { key: 'value' } }],
  ['google.protobuf.Value', { schema: { description: 'Any JSON value.' }, example: 'value' }],
  ['google.protobuf.ListValue', { schema: { type: 'array', items: {} }, example: ['value'] }],
  [
    'google.protobuf.Any',
    {
      schema: {
        type: 'object',
        description: 'A message of the type that `@type` names, its fields beside it.',
        properties: { '@type': { type: 'string' } },
        required: ['@type'],
        additionalProperties: true,
      },
      example: { '@type': 'type.googleapis.com/google.protobuf.Duration', value: '30s' },
    },
  ],
]);

/** Returns the JSON Schema of a well-known message with a special JSON form; undefined for any other. */
export function wellKnownSchema(message: DescMessage): JsonObject | undefined {
  if (isWrapperDesc(message)) return nullable(scalarSchema(message.fields[0].scalar));
  return WELL_KNOWN.get(message.typeName)?.schema;
}

/** Returns a value that matches {@link wellKnownSchema}. */
export function wellKnownExample(message: DescMessage): Json | undefined {
  if (isWrapperDesc(message)) return scalarExample(message.fields[0].scalar, 'value');
  return WELL_KNOWN.get(message.typeName)?.example;
}

/** Returns a schema that also accepts null, which stands for an absent value. */
export function nullable(schema: JsonObject): JsonObject {
  const { type } = schema;
  if (type === 'null' || (Array.isArray(type) && type.includes('null'))) return schema;
  const notes = Object.fromEntries(Object.entries(schema).filter(([keyword]) => NOTES.has(keyword)));
  const own = Object.fromEntries(Object.entries(schema).filter(([keyword]) => !NOTES.has(keyword)));
  if (Object.keys(own).length === 0) return schema;
  if (typeof type === 'string' && own['const'] === undefined) {
    return { ...schema, type: [type, 'null'], ...(Array.isArray(own['enum']) ? { enum: withNull(own['enum']) } : {}) };
  }
  const key = Array.isArray(own['oneOf']) && Object.keys(own).length === 1 ? 'oneOf' : 'anyOf';
  const choices = key === 'oneOf' ? (own['oneOf'] as readonly Json[]) : [own];
  return { ...notes, [key]: [...choices, { type: 'null' }] };
}

function withNull(values: readonly Json[]): readonly Json[] {
  return values.includes(null) ? values : [...values, null];
}

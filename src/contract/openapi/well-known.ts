import type { DescMessage } from '@bufbuild/protobuf';
import { isWrapperDesc } from '@bufbuild/protobuf/wkt';
import type { Json, JsonObject } from './json.js';
import { nullable } from './nullable.js';
import { scalarExample, scalarSchema } from './scalar-schema.js';

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

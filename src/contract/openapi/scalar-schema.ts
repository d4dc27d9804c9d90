import { ScalarType } from '@bufbuild/protobuf';
import type { JsonObject } from './json.js';

const INT32: JsonObject = { type: 'integer', format: 'int32', minimum: -(2 ** 31), maximum: 2 ** 31 - 1 };
const UINT32: JsonObject = { type: 'integer', format: 'uint32', minimum: 0, maximum: 2 ** 32 - 1 };
/** 64-bit integers are strings in proto3 JSON: a JavaScript number is exact only up to 2^53. */
const INT64: JsonObject = { type: 'string', format: 'int64', pattern: '^-?[0-9]{1,19}$' };
const UINT64: JsonObject = { type: 'string', format: 'uint64', pattern: '^[0-9]{1,20}$' };
const NOT_FINITE: JsonObject = { type: 'string', enum: ['NaN', 'Infinity', '-Infinity'] };

const SCHEMAS: Readonly<Record<ScalarType, JsonObject>> = {
  [ScalarType.STRING]: { type: 'string' },
  [ScalarType.BYTES]: { type: 'string', format: 'byte', contentEncoding: 'base64' },
  [ScalarType.BOOL]: { type: 'boolean' },
  [ScalarType.DOUBLE]: { oneOf: [{ type: 'number', format: 'double' }, NOT_FINITE] },
  [ScalarType.FLOAT]: { oneOf: [{ type: 'number', format: 'float' }, NOT_FINITE] },
  [ScalarType.INT32]: INT32,
  [ScalarType.SINT32]: INT32,
  [ScalarType.SFIXED32]: INT32,
  [ScalarType.UINT32]: UINT32,
  [ScalarType.FIXED32]: UINT32,
  [ScalarType.INT64]: INT64,
  [ScalarType.SINT64]: INT64,
  [ScalarType.SFIXED64]: INT64,
  [ScalarType.UINT64]: UINT64,
  [ScalarType.FIXED64]: UINT64,
};

const EXAMPLES: Partial<Record<ScalarType, string | number | boolean>> = {
  [ScalarType.BYTES]: 'AQID',
  [ScalarType.BOOL]: true,
  [ScalarType.DOUBLE]: 1.5,
  [ScalarType.FLOAT]: 1.5,
};

/** Returns the JSON Schema of a scalar in proto3 JSON. */
export function scalarSchema(scalar: ScalarType): JsonObject {
  return SCHEMAS[scalar];
}

/** Returns a value that matches {@link scalarSchema}; a string contains the name of its field. */
export function scalarExample(scalar: ScalarType, name: string): string | number | boolean {
  if (scalar === ScalarType.STRING) return name.replaceAll('_', '-');
  return EXAMPLES[scalar] ?? (SCHEMAS[scalar].type === 'string' ? '1' : 1);
}

/** Returns the JSON Schema of the keys of a map, which are strings in JSON; undefined for any string. */
export function mapKeySchema(scalar: ScalarType): JsonObject | undefined {
  if (scalar === ScalarType.STRING) return undefined;
  if (scalar === ScalarType.BOOL) return { type: 'string', enum: ['true', 'false'] };
  const isUnsigned = SCHEMAS[scalar] === UINT32 || SCHEMAS[scalar] === UINT64;
  return { type: 'string', pattern: isUnsigned ? '^[0-9]+$' : '^-?[0-9]+$' };
}

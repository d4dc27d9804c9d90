import type { Json, JsonObject } from './json.js';

/** Keywords that do not constrain a value. */
const NOTES = new Set(['description', 'deprecated', 'readOnly', 'writeOnly']);

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

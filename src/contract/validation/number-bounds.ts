import type { Int32Rules } from '@bufbuild/protovalidate/gen/buf/validate/validate_pb.js';
import type { Json, JsonObject } from '../openapi/json.js';
import { given } from './given-rules.js';

/** The common shape of the rules of all kinds of numbers that are numbers in JSON. */
export type NumberRules = Int32Rules;

const UPPER = { lt: 'exclusiveMaximum', lte: 'maximum' } as const;
const LOWER = { gt: 'exclusiveMinimum', gte: 'minimum' } as const;

/** Returns the rules of a number as keywords of JSON Schema. */
export function numberBounds(rules: NumberRules): JsonObject {
  const { lessThan, greaterThan, in: allowed, notIn } = rules;
  const exact = given(rules, 'const');
  return {
    ...(exact === undefined ? {} : { const: exact }),
    ...(isOutside(rules) || lessThan.case === undefined ? {} : { [UPPER[lessThan.case]]: lessThan.value }),
    ...(isOutside(rules) || greaterThan.case === undefined ? {} : { [LOWER[greaterThan.case]]: greaterThan.value }),
    ...(allowed.length > 0 ? { enum: allowed } : {}),
    ...(notIn.length > 0 ? { not: { enum: notIn } } : {}),
  };
}

/** Returns a number that satisfies the rules; null if none is known. */
export function numberExample(rules: NumberRules): Json {
  const known = rules.example[0] ?? given(rules, 'const') ?? rules.in[0];
  if (known !== undefined) return known;
  if (isOutside(rules) || rules.notIn.length > 0) return null;
  const { greaterThan, lessThan } = rules;
  if (greaterThan.case === 'gte') return greaterThan.value;
  if (lessThan.case === 'lte') return lessThan.value;
  if (greaterThan.case === undefined) return lessThan.case === undefined ? 1 : lessThan.value - 1;
  const next = greaterThan.value + 1;
  return lessThan.case === undefined || next < lessThan.value ? next : null;
}

/** Returns whether the upper bound is below the lower one, which allows any number except those between them. */
function isOutside({ lessThan, greaterThan }: NumberRules): boolean {
  return lessThan.case !== undefined && greaterThan.case !== undefined && lessThan.value <= greaterThan.value;
}

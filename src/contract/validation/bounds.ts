import { getOption, hasOption } from '@bufbuild/protobuf';
import type { DescField } from '@bufbuild/protobuf';
import { FeatureSet_FieldPresence as Presence } from '@bufbuild/protobuf/wkt';
import { field as fieldOption, Ignore } from '@bufbuild/protovalidate/gen/buf/validate/validate_pb.js';
import type {
  EnumRules,
  FieldRules,
  MapRules,
  RepeatedRules,
} from '@bufbuild/protovalidate/gen/buf/validate/validate_pb.js';
import type { Json, JsonObject } from '../openapi/json.js';
import { given } from './given-rules.js';
import { numberBounds, numberExample, type NumberRules } from './number-bounds.js';
import { textBounds, textExample } from './text-bounds.js';

/** Kinds of numbers that are numbers in JSON; those of 64 bits are strings, which have no bounds there. */
const NUMBERS = new Set(['float', 'double', 'int32', 'uint32', 'sint32', 'fixed32', 'sfixed32']);

/**
 * Returns the rules of a field as keywords of JSON Schema, those of elements, keys and values in `items`,
 * `propertyNames` and `additionalProperties`. Rules that JSON Schema cannot express are omitted, so that these bounds
 * never refuse a value that the rules allow.
 */
export function describeBounds(field: DescField): JsonObject {
  if (!hasOption(field, fieldOption)) return {};
  const rules = getOption(field, fieldOption);
  return { ...(rules.required ? presenceBounds(field) : {}), ...boundsOf(rules, field) };
}

/** Returns a value that satisfies the rules of a field; undefined if any value does, null if none is known. */
export function exampleWithin(field: DescField): Json | undefined {
  if (!hasOption(field, fieldOption)) return undefined;
  return exampleOf(getOption(field, fieldOption), field);
}

function exampleOf({ type, cel, celExpression }: FieldRules, field: DescField): Json | undefined {
  if (type.case === 'repeated') return listExample(type.value, field);
  if (cel.length + celExpression.length > 0) return null;
  if (type.case === 'string') return textExample(type.value, field.name);
  if (type.case === 'enum' || type.case === 'map') return null;
  return isNumber(type) ? numberExample(type.value as NumberRules) : undefined;
}

function listExample({ items, minItems }: RepeatedRules, field: DescField): Json | undefined {
  const element = items && exampleOf(items, field);
  if (minItems > 1n || element === null) return null;
  return element === undefined ? undefined : [element];
}

/** Returns the bounds. A value to which the rules do not apply, such as an empty string, would be refused by them. */
function boundsOf(rules: FieldRules | undefined, field: DescField): JsonObject {
  const type = rules?.type;
  if (type?.case === undefined || rules?.ignore !== Ignore.UNSPECIFIED) return {};
  if (type.case === 'string') return textBounds(type.value);
  if (type.case === 'repeated') return listBounds(type.value, field);
  if (type.case === 'map') return mapBounds(type.value, field);
  if (type.case === 'enum') return enumBounds(type.value, field);
  if (isNumber(type)) return numberBounds(type.value as NumberRules);
  const exact = type.case === 'bool' ? given(type.value, 'const') : undefined;
  return exact === undefined ? {} : { const: exact };
}

function isNumber({ case: kind }: FieldRules['type']): boolean {
  return kind !== undefined && NUMBERS.has(kind);
}

function presenceBounds(field: DescField): JsonObject {
  if (field.fieldKind === 'list') return { minItems: 1 };
  if (field.fieldKind === 'map') return { minProperties: 1 };
  return field.scalar === 9 && field.presence === Presence.IMPLICIT ? { minLength: 1 } : {};
}

function listBounds(rules: RepeatedRules, field: DescField): JsonObject {
  const [least, most] = [given(rules, 'minItems'), given(rules, 'maxItems')];
  const items = boundsOf(rules.items, field);
  return {
    ...(least === undefined ? {} : { minItems: Number(least) }),
    ...(most === undefined ? {} : { maxItems: Number(most) }),
    ...(rules.unique ? { uniqueItems: true } : {}),
    ...(Object.keys(items).length > 0 ? { items } : {}),
  };
}

function mapBounds(rules: MapRules, field: DescField): JsonObject {
  const [least, most] = [given(rules, 'minPairs'), given(rules, 'maxPairs')];
  const keys = rules.keys?.type.case === 'string' ? boundsOf(rules.keys, field) : {};
  const values = boundsOf(rules.values, field);
  return {
    ...(least === undefined ? {} : { minProperties: Number(least) }),
    ...(most === undefined ? {} : { maxProperties: Number(most) }),
    ...(Object.keys(keys).length > 0 ? { propertyNames: keys } : {}),
    ...(Object.keys(values).length > 0 ? { additionalProperties: values } : {}),
  };
}

/** Returns the bounds by name, as the document lists the values of enums. */
function enumBounds(rules: EnumRules, { enum: desc }: DescField): JsonObject {
  const exact = given(rules, 'const');
  const allowed = exact === undefined ? rules.in : [exact];
  const isAllowed = (number: number): boolean =>
    (allowed.length === 0 || allowed.includes(number)) && !rules.notIn.includes(number);
  const values = desc?.values ?? [];
  const names = values.filter(({ number }) => isAllowed(number)).map(({ name }) => name);
  return names.length === values.length ? {} : { enum: names };
}

import { type DescField, type DescMessage, ScalarType } from '@bufbuild/protobuf';
import { FeatureSet_FieldPresence as Presence } from '@bufbuild/protobuf/wkt';
import { fieldRules } from '../field-rules.js';
import type { MessageRules } from '../validation/message-rules.js';
import type { JsonObject } from './json.js';

/** Maximum number of pairs; more are less useful to a reader than the descriptions of the fields. */
const MAX_PAIRS = 45;

/** A field beside another of its oneof may be null, which counts as absent. */
const GIVEN: JsonObject = { not: { type: 'null' } };

/**
 * Describes the presence of a required field, which must not be empty where the message cannot distinguish that from
 * its absence.
 */
export function describePresence(field: DescField): JsonObject {
  if (!fieldRules(field).required || field.presence !== Presence.IMPLICIT) return {};
  if (field.fieldKind === 'list') return { minItems: 1 };
  if (field.fieldKind === 'map') return { minProperties: 1 };
  return field.scalar === ScalarType.STRING || field.scalar === ScalarType.BYTES ? { minLength: 1 } : {};
}

/** Returns google.api.field_behavior as JSON Schema. */
export function describeBehavior(field: DescField): JsonObject {
  const { outputOnly, inputOnly } = fieldRules(field);
  return { ...(outputOnly ? { readOnly: true } : {}), ...(inputOnly ? { writeOnly: true } : {}) };
}

/**
 * Returns whether a message, or one within it that a mask can descend into, has a field that is required in a complete
 * one.
 */
export function needsWhole(message: DescMessage, rules: MessageRules | undefined): boolean {
  const reached = new Set([message]);
  for (const each of reached) {
    const { fields } = each;
    if (fields.some((field) => fieldRules(field).required) || (rules?.demanded(each).size ?? 0) > 0) return true;
    for (const field of fields) if (field.fieldKind === 'message') reached.add(field.message);
  }
  return false;
}

/** Returns keywords which say that only one field of each oneof may be given; empty for a message without a oneof. */
export function describeChoices(
  message: DescMessage,
  fields: readonly DescField[],
  nameOf: (field: DescField) => string,
): JsonObject {
  const pairs = message.oneofs.flatMap((oneof) => pairsOf(oneof.fields.filter((field) => fields.includes(field))));
  if (pairs.length === 0 || pairs.length > MAX_PAIRS) return {};
  const both = pairs.map((pair) => {
    const names = pair.map(nameOf);
    return { required: names, properties: Object.fromEntries(names.map((name) => [name, GIVEN])) };
  });
  return { not: both.length === 1 ? (both[0] as JsonObject) : { anyOf: both } };
}

function pairsOf(fields: readonly DescField[]): (readonly [DescField, DescField])[] {
  return fields.flatMap((left, index) => fields.slice(index + 1).map((right) => [left, right] as const));
}

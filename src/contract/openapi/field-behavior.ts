import { ScalarType } from '@bufbuild/protobuf';
import type { DescField, DescMessage } from '@bufbuild/protobuf';
import { FeatureSet_FieldPresence as Presence } from '@bufbuild/protobuf/wkt';
import type { MessageRules } from '../validation/message-rules.js';
import { fieldRules } from '../field-rules.js';
import type { JsonObject } from './json.js';

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

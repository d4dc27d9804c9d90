import type { DescField, DescMessage } from '@bufbuild/protobuf';
import { fieldRules } from '../field-rules.js';
import { wellKnownSchema } from './well-known.js';
import type { ExcludedFields } from './excluded-fields.js';

/** Maximum depth of listed fields; the binding itself accepts deeper ones. */
const MAX_DEPTH = 4;
const MAX_PARAMETERS = 100;

/** Messages that one string can set. */
const TEXT_MESSAGES = /^google\.protobuf\.(?:Timestamp|Duration|FieldMask|[A-Z]\w*Value)$/;

/**
 * Lists the fields that query parameters can set, each as the path to it: scalars, enums, lists and maps of them, and
 * messages with a string form, in nested messages too.
 */
export function listQueryFields(message: DescMessage, excluded: ExcludedFields): readonly (readonly DescField[])[] {
  const found: (readonly DescField[])[] = [];
  const visit = (scope: DescMessage, path: readonly DescField[], enclosing: readonly DescMessage[]): void => {
    for (const field of scope.fields) {
      const fields = [...path, field];
      if (found.length >= MAX_PARAMETERS || isCovered(fields, excluded) || isUnsettable(field)) continue;
      if (isText(field)) found.push(fields);
      else if (isPlainMessage(field) && !enclosing.includes(field.message) && fields.length < MAX_DEPTH) {
        visit(field.message, fields, [...enclosing, field.message]);
      }
    }
  };
  visit(message, [], [message]);
  return found;
}

/** Returns whether a field is refused or ignored. */
function isUnsettable(field: DescField): boolean {
  const rules = fieldRules(field);
  return rules.protected || rules.outputOnly;
}

function isCovered(fields: readonly DescField[], excluded: ExcludedFields): boolean {
  return excluded.includes(fields.map((field) => field.name).join('.'));
}

function isText(field: DescField): boolean {
  if (field.message === undefined) return true;
  const { typeName } = field.message;
  return field.fieldKind !== 'list' && TEXT_MESSAGES.test(typeName) && typeName !== 'google.protobuf.ListValue';
}

function isPlainMessage(field: DescField): field is DescField & { fieldKind: 'message' } {
  return field.fieldKind === 'message' && wellKnownSchema(field.message) === undefined;
}

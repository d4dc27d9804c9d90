import { ScalarType } from '@bufbuild/protobuf';
import type { DescField } from '@bufbuild/protobuf';
import { isWrapperDesc } from '@bufbuild/protobuf/wkt';
import type { Check } from './check-scalar.js';
import { checkMaskPaths } from './check-well-known.js';
import type { JsonNode } from './exact-number.js';
import type { Violations } from './violations.js';

/** Messages whose JSON form is a string. */
const TEXT_MESSAGES = new Set(['google.protobuf.Timestamp', 'google.protobuf.Duration', 'google.protobuf.FieldMask']);

/** Reads one value of a path variable or query parameter, as the JSON string of its field. */
export type TextReader = (text: string, violations: Violations) => JsonNode;

/** Compiles the reader of a field's value, of a list element, or of a map value; undefined for other messages. */
export function compileTextReader(field: DescField, check: Check): TextReader | undefined {
  if (field.message !== undefined) {
    if (field.fieldKind === 'list') return undefined;
    if (isMask(field)) return readMaskText;
    if (TEXT_MESSAGES.has(field.message.typeName)) return check;
    return isWrapperDesc(field.message) ? scalarReader(field.message.fields[0].scalar, check) : undefined;
  }
  return field.enum === undefined ? scalarReader(field.scalar, check) : enumReader(check);
}

function scalarReader(scalar: ScalarType | undefined, check: Check): TextReader {
  if (scalar !== ScalarType.BOOL) return check;
  return (text, violations) => check(text === 'true' ? true : text === 'false' ? false : text, violations);
}

function enumReader(check: Check): TextReader {
  return (text, violations) => check(/^-?\d{1,10}$/.test(text) ? Number(text) : text, violations);
}

/** Returns whether a field is one FieldMask, whose paths text may give in either casing, as other gateways accept. */
export function isMask(field: DescField): boolean {
  return field.fieldKind === 'message' && field.message.typeName === 'google.protobuf.FieldMask';
}

function readMaskText(text: string, violations: Violations): JsonNode {
  return checkMaskPaths(text, violations, 'expected field paths');
}

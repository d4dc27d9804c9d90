import type { DescField, DescMessage } from '@bufbuild/protobuf';
import { fieldRules } from '../field-rules.js';
import type { MessageRules } from '../validation/message-rules.js';
import { excludedBelow, isExcluded } from './excluded-fields.js';
import type { Direction, ExcludedFields } from './excluded-fields.js';
import { nameOf, type JsonNames } from '../json-writer/field-shape.js';
import type { Json, JsonObject } from './json.js';
import { scalarExample } from './scalar-schema.js';
import { wellKnownExample } from './well-known.js';

/** Fields of a message that an example shows, and their names. */
export interface ExampleView extends JsonNames {
  readonly direction: Direction;
  /** Rules that the values must satisfy; undefined for none. */
  readonly rules?: MessageRules | undefined;
}

/** Maximum depth of messages in an example. */
const MAX_DEPTH = 5;

/**
 * Returns a message with every field set once, the first of each oneof; a recursive message ends where it recurs.
 * Undefined where no value is known for a required field.
 */
export function exampleOfMessage(
  message: DescMessage,
  view: ExampleView,
  excluded: ExcludedFields = [],
  enclosing: readonly DescMessage[] = [],
): Json | undefined {
  const wellKnown = wellKnownExample(message);
  if (wellKnown !== undefined) return wellKnown;
  const members: [string, Json][] = [];
  const demanded = view.rules?.demanded(message);
  for (const field of message.fields) {
    if (isUnshown(field, view.direction, excluded)) continue;
    const first = field.oneof?.fields.find((each) => !isUnshown(each, view.direction, excluded));
    if (first !== undefined && first !== field) continue;
    const value = exampleOfField(field, view, excludedBelow(field, excluded), [...enclosing, message]);
    if (value !== undefined) members.push([nameOf(field, view), value]);
    else if (demanded?.has(field) === true || fieldRules(field).required) return undefined;
  }
  return Object.fromEntries(members);
}

/** Returns whether a field is excluded, or ignored in a request (AIP-203). */
function isUnshown(field: DescField, direction: Direction, excluded: ExcludedFields): boolean {
  return isExcluded(field, direction, excluded) || (direction !== 'response' && fieldRules(field).outputOnly);
}

/** Returns the value of a field in an example; undefined when it would recurse endlessly. */
export function exampleOfField(
  field: DescField,
  view: ExampleView,
  excluded: ExcludedFields = [],
  enclosing: readonly DescMessage[] = [],
): Json | undefined {
  const ruled = view.rules?.example(field);
  if (ruled !== undefined) return ruled ?? undefined;
  const isEndless = field.message !== undefined && (enclosing.includes(field.message) || enclosing.length >= MAX_DEPTH);
  if (field.fieldKind !== 'list' && field.fieldKind !== 'map') {
    return isEndless ? undefined : exampleOfValue(field, view, excluded, enclosing);
  }
  const value = isEndless ? undefined : exampleOfValue(field, view, excluded, enclosing);
  if (field.fieldKind === 'map') return value === undefined ? {} : exampleOfMap(field, value);
  return value === undefined ? [] : [value];
}

function exampleOfMap(field: DescField & { fieldKind: 'map' }, value: Json): JsonObject {
  return { [String(scalarExample(field.mapKey, 'key'))]: value };
}

function exampleOfValue(
  field: DescField,
  view: ExampleView,
  excluded: ExcludedFields,
  enclosing: readonly DescMessage[],
): Json | undefined {
  if (field.message !== undefined) return exampleOfMessage(field.message, view, excluded, enclosing);
  if (field.enum === undefined) return scalarExample(field.scalar, field.name);
  if (field.enum.typeName === 'google.protobuf.NullValue') return null;
  const value = field.enum.values.find(({ number }) => number !== 0) ?? field.enum.values[0];
  return (view.enumNumbers ? value?.number : value?.name) ?? null;
}

import type { DescField, DescMessage } from '@bufbuild/protobuf';
import type { JsonObject } from './json.js';

/** Maximum number of pairs; more are less useful to a reader than the descriptions of the fields. */
const MAX_PAIRS = 45;

/** A field beside another of its oneof may be null, which counts as absent. */
const GIVEN: JsonObject = { not: { type: 'null' } };

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

import type { DescField, DescMessage } from '@bufbuild/protobuf';
import type { JsonObject } from './json.js';

/** More pairs than these say less to a reader than the descriptions of the fields. */
const MAX_PAIRS = 45;

/** Null beside another field of its oneof is as good as nothing. */
const GIVEN: JsonObject = { not: { type: 'null' } };

/** Returns what says that of each oneof of a message one field may be given; nothing for a message without one. */
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

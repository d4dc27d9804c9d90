import type { DescField } from '@bufbuild/protobuf';

/** Fields of a message that its schema leaves out, as dotted proto names from that message. */
export type ExcludedFields = readonly string[];

/** The field itself is left out. */
export function isExcluded(field: DescField, excluded: ExcludedFields): boolean {
  return excluded.includes(field.name);
}

/** What is left out of the message in a field. */
export function excludedBelow(field: DescField, excluded: ExcludedFields): ExcludedFields {
  const prefix = `${field.name}.`;
  return excluded.filter((path) => path.startsWith(prefix)).map((path) => path.slice(prefix.length));
}

import type { DescField, DescMessage } from '@bufbuild/protobuf';

/** Maximum number of paths that one search follows: a message with more of them cannot be checked and is reported. */
const MAX_SEARCHED_FIELDS = 20_000;
const MAX_FOUND = 20;

/** Returns whether a field is repeated or a map. */
export function isCollection(field: DescField): boolean {
  return field.fieldKind === 'list' || field.fieldKind === 'map';
}

/**
 * Returns the fields along a dotted path of proto names; paths may lead through elements of lists and values of maps.
 * Returns a string with the reason when the path does not exist.
 */
export function resolveFieldPath(message: DescMessage, path: string): readonly DescField[] | string {
  const fields: DescField[] = [];
  let scope: DescMessage | undefined = message;
  for (const name of path.split('.')) {
    if (scope === undefined) return `"${fields.at(-1)?.name}" of "${path}" is no message`;
    const field: DescField | undefined = scope.fields.find((each) => each.name === name);
    if (field === undefined) return describeUnknownField(scope, name);
    fields.push(field);
    scope = field.message;
  }
  return fields;
}

function describeUnknownField(message: DescMessage, name: string): string {
  const known = message.fields.map((field) => field.name).join(', ');
  return `${message.typeName} has no field "${name}"; it has ${known === '' ? 'none' : known}`;
}

/** Criteria of a search, and the paths whose whole content is covered already. */
export interface FieldSearch {
  readonly matches: (field: DescField) => boolean;
  /** Returns whether a field is covered wherever it appears, with everything in it. */
  readonly skips: (field: DescField) => boolean;
  readonly covered: readonly string[];
}

/**
 * Returns dotted paths of the matching fields that are not covered, at any depth. In a recursive message, the path of
 * the field where it recurs stands for everything below.
 */
export function findUncoveredFields(message: DescMessage, search: FieldSearch): readonly string[] {
  const found: string[] = [];
  let searched = 0;
  const visit = (scope: DescMessage, prefix: string, enclosing: readonly DescMessage[]): void => {
    for (const field of scope.fields) {
      if (found.length >= MAX_FOUND) return;
      const path = prefix + field.name;
      if (++searched > MAX_SEARCHED_FIELDS) return void found.push(`${path} (too many fields to check)`);
      if (search.covered.includes(path) || search.skips(field)) continue;
      const inner = field.message;
      const below = inner !== undefined && containsMatch(inner, search);
      if (search.matches(field) || (below && enclosing.includes(inner))) found.push(path);
      else if (below) visit(inner, `${path}.`, [...enclosing, inner]);
    }
  };
  visit(message, '', [message]);
  return found;
}

function containsMatch(message: DescMessage, search: FieldSearch): boolean {
  const seen = new Set([message]);
  for (const scope of seen) {
    const fields = scope.fields.filter((field) => !search.skips(field));
    if (fields.some((field) => search.matches(field))) return true;
    for (const field of fields) if (field.message !== undefined) seen.add(field.message);
  }
  return false;
}

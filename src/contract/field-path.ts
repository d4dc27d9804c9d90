import type { DescField, DescMessage } from '@bufbuild/protobuf';

/** Most paths that one search follows: a message with more of them cannot be checked and is reported. */
const MAX_SEARCHED_FIELDS = 20_000;
const MAX_FOUND = 20;

/** The field is repeated or a map. */
export function isCollection(field: DescField): boolean {
  return field.fieldKind === 'list' || field.fieldKind === 'map';
}

/**
 * The fields along a dotted path of proto names, elements of lists and values of maps included.
 * A string says why there is no such path.
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

/** What a search looks for, and the paths whose whole content is taken care of. */
export interface FieldSearch {
  readonly matches: (field: DescField) => boolean;
  /** Fields that are taken care of wherever they appear, with all that is in them. */
  readonly skips: (field: DescField) => boolean;
  readonly covered: readonly string[];
}

/**
 * Dotted paths of the matching fields that nothing covers, at any depth. Of a message that contains itself, the path
 * of the field where it begins again stands for all that is below.
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

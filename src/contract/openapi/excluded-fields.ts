import type { DescField, DescMessage } from '@bufbuild/protobuf';
import { resolveFieldPath } from '../field-path.js';
import { fieldRules } from '../field-rules.js';

/**
 * Requests know no field beyond their own; responses say which fields are always there. An `update` is a request of which
 * a mask says what it changes, so that its resource need not be whole.
 */
export type Direction = 'request' | 'response' | 'update';

/** Fields of a message that its schema leaves out, as dotted proto names from that message. */
export type ExcludedFields = readonly string[];

/** The field itself is left out: by its path, or because its own option says that it never passes this way. */
export function isExcluded(field: DescField, direction: Direction, excluded: ExcludedFields): boolean {
  return excluded.includes(field.name) || isRuledOut(field, direction);
}

/** Those paths of a policy that the options of fields do not exclude anyway, in every message. */
export function listedFields(message: DescMessage, direction: Direction, paths: ExcludedFields): ExcludedFields {
  return paths.filter((path) => {
    const fields = resolveFieldPath(message, path);
    const field = typeof fields === 'string' ? undefined : fields.at(-1);
    return field === undefined || !isRuledOut(field, direction);
  });
}

function isRuledOut(field: DescField, direction: Direction): boolean {
  const { redact, protected: isProtected } = fieldRules(field);
  return direction === 'response' ? redact : isProtected;
}

/** What is left out of the message in a field. */
export function excludedBelow(field: DescField, excluded: ExcludedFields): ExcludedFields {
  const prefix = `${field.name}.`;
  return excluded.filter((path) => path.startsWith(prefix)).map((path) => path.slice(prefix.length));
}

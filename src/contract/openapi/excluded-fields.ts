import type { DescField, DescMessage } from '@bufbuild/protobuf';
import { resolveFieldPath } from '../field-path.js';
import { fieldRules } from '../field-rules.js';

/**
 * Direction of a message. A request must not have unknown fields; a response declares which fields are always present.
 * An `update` is a request with a mask, so that its resource may be incomplete.
 */
export type Direction = 'request' | 'response' | 'update';

/** Fields that the schema of a message omits, as dotted proto names from that message. */
export type ExcludedFields = readonly string[];

/** Returns whether a field is omitted: by its path, or because its own option excludes it from this direction. */
export function isExcluded(field: DescField, direction: Direction, excluded: ExcludedFields): boolean {
  return excluded.includes(field.name) || isRuledOut(field, direction);
}

/** Returns those paths of a policy that the options of fields do not exclude anyway, in every message. */
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

/** Returns the fields to omit from the message in a field. */
export function excludedBelow(field: DescField, excluded: ExcludedFields): ExcludedFields {
  const prefix = `${field.name}.`;
  return excluded.filter((path) => path.startsWith(prefix)).map((path) => path.slice(prefix.length));
}

import { coveredBy, fieldRules, listFields, type FoundField } from './field-rules.js';
import type { Route } from './route.js';
import { looksSecret } from './secret-names.js';

/**
 * Returns why responses of a route are never compressed: a secret beside text that a client chooses can be inferred
 * from the length of the compressed response (BREACH). Undefined when compression is allowed.
 */
export function whyUncompressed({ desc, method: { policy } }: Route): string | undefined {
  if (policy.uncompressed === true) return 'its policy says so';
  const isRedacted = coveredBy(policy.redact);
  const isClosed = (place: FoundField): boolean => isRedacted(place) || fieldRules(place.field).redact;
  const secret = listFields(desc.output, isClosed).find((place) => !isClosed(place) && isSecret(place));
  return secret && `the field ${secret.path} looks like a secret`;
}

/** Returns whether a field may contain a secret, by its name or because it had to be declared public. */
function isSecret({ field }: FoundField): boolean {
  return looksSecret(field) || fieldRules(field).public;
}

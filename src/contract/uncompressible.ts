import { coveredBy, fieldRules, listFields, type FoundField } from './field-rules.js';
import type { Route } from './route.js';
import { looksSecret } from './secret-names.js';

/**
 * Returns why responses of a route are never compressed: a secret beside text that a client chooses can be found out by
 * the length of the compressed response (BREACH). Undefined when they may be.
 */
export function whyUncompressed({ desc, method: { policy } }: Route): string | undefined {
  if (policy.uncompressed === true) return 'its policy says so';
  const isRedacted = coveredBy(policy.redact);
  const isClosed = (place: FoundField): boolean => isRedacted(place) || fieldRules(place.field).redact;
  const secret = listFields(desc.output, isClosed).find((place) => !isClosed(place) && isSecret(place));
  return secret && `the field ${secret.path} looks like a secret`;
}

/** A field that is declared public looks like a secret as well: that is why somebody had to say so. */
function isSecret({ field }: FoundField): boolean {
  return looksSecret(field) || fieldRules(field).public;
}

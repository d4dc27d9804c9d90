import { type DescField, ScalarType } from '@bufbuild/protobuf';
import { coveredBy, fieldRules, type FoundField, listFields } from './field-rules.js';
import type { Route } from './route.js';

/** A word in the name of a secret; `apikey` and `passwordhash` are often written as one word. */
const SECRET_WORD = /(?:token|secret|password|passwd|passphrase|credential|apikey|hash|hashe|^key|^otp)s?$/;

/** Words that make the name harmless when they precede a secret word: page tokens, public keys. */
const HARMLESS_BEFORE = new Set(
  'page next sync continuation cursor public idempotency partition sort primary'.split(' '),
);

/** Last words of names that describe a secret without containing it. */
const HARMLESS_LAST = new Set(
  'type id ids count name names at time expiry in url uri algorithm version length size hint status state policy'.split(
    ' ',
  ),
);

/**
 * Returns whether a field may contain a token, key, hash, password or secret by its name, and is not declared public.
 */
export function looksSecret(field: DescField): boolean {
  const { scalar } = field;
  const isText = scalar === undefined || scalar === ScalarType.STRING || scalar === ScalarType.BYTES;
  if (fieldRules(field).public || field.enum !== undefined || !isText) return false;
  const words = field.name
    .replaceAll(/([a-z\d])([A-Z])/g, '$1_$2')
    .toLowerCase()
    .split('_');
  if (HARMLESS_LAST.has(words.at(-1) ?? '')) return false;
  return words.some((word, n) => SECRET_WORD.test(word) && !HARMLESS_BEFORE.has(words[n - 1] ?? ''));
}

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

import { ScalarType } from '@bufbuild/protobuf';
import type { DescField } from '@bufbuild/protobuf';
import { fieldRules } from './field-rules.js';

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

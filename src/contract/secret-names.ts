import { ScalarType } from '@bufbuild/protobuf';
import type { DescField } from '@bufbuild/protobuf';
import { fieldRules } from './field-rules.js';

/** A word of a name that secrets have; `apikey` and `passwordhash` are one word to those who write them so. */
const SECRET_WORD = /(?:token|secret|password|passwd|passphrase|credential|apikey|hash|hashe|^key|^otp)s?$/;
/** Words that, before a word of a secret, make the name harmless: page tokens, public keys. */
const HARMLESS_BEFORE = new Set(
  'page next sync continuation cursor public idempotency partition sort primary'.split(' '),
);
/** What a name that ends so is: something about a secret. */
const HARMLESS_LAST = new Set(
  'type id ids count name names at time expiry in url uri algorithm version length size hint status state policy'.split(
    ' ',
  ),
);
/** A field that may hold a token, key, hash, password or secret by its name, and is not declared to be none. */
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

import { hash } from 'node:crypto';

/** Characters of base64url that are kept: 132 bits, enough to make collisions negligible. */
const LENGTH = 22;

/**
 * Returns the key that the value of a request field is counted by: a hash, so that no name or address of a person is
 * in memory, in Redis or in a metric. Spellings that sign-in pages treat as one identifier share it.
 */
export function valueKey(value: string): string {
  // The text is part of a request body, not of a header.
  // oxlint-disable-next-line no-restricted-properties
  return hash('sha256', value.normalize('NFKC').trim().toLowerCase(), 'base64url').slice(0, LENGTH);
}

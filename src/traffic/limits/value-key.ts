import { hash } from 'node:crypto';

/** Characters of base64url that are kept: 132 bits, too many to meet by chance. */
const LENGTH = 22;

/**
 * Returns what the value of a request field is counted by: a hash, so that no name or address of a person is in memory,
 * in Redis or in a metric. Spellings that sign-in pages take for one identifier share it.
 */
export function valueKey(value: string): string {
  // Text of a request body, and not of a header.
  // oxlint-disable-next-line no-restricted-properties
  return hash('sha256', value.normalize('NFKC').trim().toLowerCase(), 'base64url').slice(0, LENGTH);
}

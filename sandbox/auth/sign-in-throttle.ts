import { status } from '@grpc/grpc-js';
import { rpcError } from '../backend/rpc-error.js';
import { BoundedMap } from '../data/bounded-map.js';

const MAX_IDENTIFIERS = 10_000;
/** Failures in a row that cost nothing: people mistype. */
const FREE_FAILURES = 5;
const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 900_000;
/** NIST SP 800-63B 5.2.2: no account takes more than a hundred wrong passwords in a row. */
const MAX_FAILURES = 100;

interface Record {
  readonly failures: number;
  readonly retryAt: number;
}

/**
 * Slows down the guessing of one account's password, from whatever address: each failure after the first few doubles the
 * wait. Identifiers that nobody has are counted alike, so that the wait does not tell which ones exist.
 */
export class SignInThrottle {
  readonly #records = new BoundedMap<string, Record>(MAX_IDENTIFIERS);

  /** @param now a clock in milliseconds that never goes back. */
  constructor(private readonly now: () => number) {}

  /** Throws RESOURCE_EXHAUSTED while an identifier has to wait, whether the password would be right or not. */
  admit(identifier: string): void {
    const record = this.#records.get(normalize(identifier));
    if (record === undefined || this.now() >= record.retryAt) return;
    throw rpcError(status.RESOURCE_EXHAUSTED, 'too many failed sign-ins of this account; try again later');
  }

  failed(identifier: string): void {
    const key = normalize(identifier);
    const failures = (this.#records.get(key)?.failures ?? 0) + 1;
    this.#records.set(key, { failures, retryAt: this.now() + waitAfter(failures) });
  }

  succeeded(identifier: string): void {
    this.#records.delete(normalize(identifier));
  }
}

/** In milliseconds; Infinity once only an administrator can help. */
function waitAfter(failures: number): number {
  if (failures >= MAX_FAILURES) return Infinity;
  if (failures < FREE_FAILURES) return 0;
  return Math.min(FIRST_WAIT_MS * 2 ** (failures - FREE_FAILURES), LONGEST_WAIT_MS);
}

/** Spellings of one identifier must not have a count each. */
function normalize(identifier: string): string {
  return identifier.normalize('NFKC').trim().toLowerCase();
}

import type { Principal } from '../../domain/principal.js';

/** Cached validation of one credential. Times are in Unix ms. */
export interface CacheEntry {
  readonly principal: Principal;
  /** Size of the principal as JSON, in bytes. */
  readonly bytes: number;
  /** End of the time in which AuthService's response is valid without asking again. */
  readonly freshUntil: number;
  /** Time from which a request triggers a refresh in the background. */
  refreshAt: number;
  /** Time from which a request waits for a refresh. Later than `freshUntil` after a failed attempt. */
  softExpiresAt: number;
  /** Reason for which the last attempt failed; undefined if it succeeded. */
  failure: string | undefined;
  /** True once the use of the stale entry was logged since the last attempt. */
  staleLogged: boolean;
}

/** Fraction of the lifetime, at its end, in which requests refresh the entry in the background. */
const REFRESH_AHEAD = 0.2;

/** Creates an entry that is fresh until `freshUntil`, in Unix ms. */
export function newEntry(principal: Principal, freshUntil: number, now: number): CacheEntry {
  return {
    principal,
    bytes: Buffer.byteLength(JSON.stringify(principal)),
    freshUntil,
    refreshAt: ahead(freshUntil, now),
    softExpiresAt: freshUntil,
    failure: undefined,
    staleLogged: false,
  };
}

/** Returns the time before `end` from which the entry is refreshed in the background, in Unix ms. */
export function ahead(end: number, now: number): number {
  return end - (end - now) * REFRESH_AHEAD;
}

/** Returns the expiry of the credential itself in Unix ms; Infinity if it does not expire. */
export function credentialEnd({ principal }: Pick<CacheEntry, 'principal'>): number {
  return principal.expiresAt * 1000;
}

/** Returns the time after which the entry is not used even during an outage, in Unix ms. */
export function hardCap(entry: CacheEntry, graceMs: number): number {
  return Math.min(entry.freshUntil + graceMs, credentialEnd(entry));
}

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

/** Result of a validation that another instance has stored. */
export type SharedVerdict = Pick<CacheEntry, 'principal' | 'freshUntil'> | 'rejected';

/**
 * The part of the auth cache that instances share. It fails open: without a response in time the credential counts as
 * unknown. No method rejects.
 */
export interface AuthCacheStore {
  get(key: string): Promise<SharedVerdict | undefined>;
  /**
   * Returns true if AuthService has rejected the credential. Waits longer than {@link get}, since it is called only
   * during an outage of AuthService.
   */
  isRejected(key: string): Promise<boolean>;
  /**
   * Stores an approval. Does nothing shortly after a rejection, since its validation may have begun before that.
   * @param ttlMs time until the entry is deleted, in ms.
   */
  set(key: string, entry: CacheEntry, ttlMs: number): Promise<void>;
  /**
   * Replaces an approval by a rejection for `lifeMs`, so that no instance adopts the approval during an outage. Without
   * a stored approval the rejection is kept only for as long as a concurrent validation can take: unknown credentials
   * must not fill the store. Resolves to false when the store did not respond.
   */
  reject(key: string, lifeMs: number): Promise<boolean>;
}

import type { CacheEntry } from './cache-entry.js';

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

import type { CacheEntry } from './cache-entry.js';

/** A verdict of AuthService that another instance has shared. */
export type SharedVerdict = Pick<CacheEntry, 'principal' | 'freshUntil'> | 'rejected';

/** What instances share of the auth cache. All of it fails open: without an answer in time the credential is simply not known. No method rejects. */
export interface AuthCacheStore {
  get(key: string): Promise<SharedVerdict | undefined>;
  /** Whether AuthService turned the credential down. Waits longer than {@link get}: it is asked in an outage of AuthService alone. */
  isRejected(key: string): Promise<boolean>;
  /** @param ttlMs how long it may still be of use. Ignored shortly after a rejection: it may have been under way before. */
  set(key: string, entry: CacheEntry, ttlMs: number): Promise<void>;
  /**
   * Puts a rejection in the place of an approval, for `lifeMs`, so that nobody takes up the approval in an outage. Where
   * there is no approval it is kept only as long as one may be under way: unknown credentials must not fill the store.
   * False when the store did not answer.
   */
  reject(key: string, lifeMs: number): Promise<boolean>;
}

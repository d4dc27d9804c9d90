import type { CacheEntry } from './cache-entry.js';

/** What instances share of the auth cache. All of it fails open: without an answer in time the credential is simply not known. */
export interface AuthCacheStore {
  get(hash: string): Promise<Pick<CacheEntry, 'principal' | 'freshUntil'> | undefined>;
  /** @param ttlMs how long it may still be of use. Never rejects. */
  set(hash: string, entry: CacheEntry, ttlMs: number): Promise<void>;
  /** Never rejects. */
  delete(hash: string): Promise<void>;
}

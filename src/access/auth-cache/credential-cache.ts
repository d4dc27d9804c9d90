import type { CallContext } from '../../domain/call-context.js';
import type { Principal } from '../../domain/principal.js';
import type { AuthCacheEvents, EvictionReason } from './auth-cache-events.js';
import { type AuthCacheStore, ahead, credentialEnd, hardCap, newEntry, type CacheEntry } from './cache-entry.js';
import { EntryTable } from './entry-table.js';
import { errorClass } from './refresh-failure.js';
import { PendingRejections } from './pending-rejections.js';

/** Limit of the grace while the revocation feed is down, in ms. */
const DEGRADED_GRACE_MS = 15 * 60_000;
/** Entries above LARGE_BYTES are logged, entries above MAX_BYTES are not cached. */
const LARGE_BYTES = 50 * 1024;
const MAX_ENTRY_BYTES = 1024 ** 2;
/** Minimum time for which an entry is kept in the shared store, in ms. */
const MIN_STORE_MS = 30_000;

/** Limits of the cache; all durations in ms. */
export interface AuthCacheOptions {
  readonly ttlMs: number;
  readonly softBumpMs: number;
  readonly hardGraceMs: number;
  readonly maxEntries: number;
  readonly maxBytes: number;
}

/** Dependencies of {@link CredentialCache}. */
export interface VerdictParts {
  readonly events: AuthCacheEvents;
  /** Store shared between instances; undefined without Redis. */
  readonly store?: AuthCacheStore | undefined;
  /** Returns true while the revocation feed is down. */
  readonly isFeedDown?: () => boolean;
  /** Returns the time in Unix ms. */
  readonly now?: () => number;
}

/**
 * Numbers of dropped entries: credentials by the limit that was reached, and rejections that the store was not sent.
 */
export interface VerdictEvictions {
  readonly credentials: Readonly<Record<'entries' | 'bytes', number>>;
  readonly rejections: number;
}

/** Holds the validated credentials of this instance and applies the rules of their lifetime: fresh, stale, expired. */
export class CredentialCache {
  readonly now: () => number;
  private readonly table: EntryTable;
  private readonly pending: PendingRejections | undefined;

  constructor(
    private readonly parts: VerdictParts,
    private readonly options: AuthCacheOptions,
  ) {
    this.table = new EntryTable(options);
    this.now = parts.now ?? (() => Date.now());
    const { store, events } = parts;
    this.pending = store && new PendingRejections(store, this.now, (size) => events.pendingRejections(size));
  }

  get evicted(): VerdictEvictions {
    return { credentials: this.table.evicted, rejections: this.pending?.evicted ?? 0 };
  }

  /** Returns true if there is an entry, of whatever age. */
  has(key: string): boolean {
    return this.table.peek(key) !== undefined;
  }

  /** Returns the entry of a credential; undefined if there is none or its hard limit has passed. */
  find(key: string): CacheEntry | undefined {
    const entry = this.table.get(key);
    if (entry === undefined) return undefined;
    const now = this.now();
    if (now >= credentialEnd(entry)) this.evict(key, 'credential_expired');
    else if (entry.failure !== undefined && now >= hardCap(entry, this.graceMs())) {
      this.evict(key, 'hard_cap_exceeded_on_lookup');
    } else return entry;
    return undefined;
  }

  /**
   * Returns true if AuthService must be asked before the entry is used. Also checks the lower bound, so that a clock
   * that was set back does not extend the lifetime.
   */
  isDue(entry: CacheEntry): boolean {
    const { ttlMs, softBumpMs } = this.options;
    const left = entry.softExpiresAt - this.now();
    return left <= 0 || left > ttlMs + softBumpMs;
  }

  /** Reads the result that another instance has stored; an approval is cached here as well. */
  async adopt(key: string): Promise<CacheEntry | 'rejected' | undefined> {
    const { store, events } = this.parts;
    if (store === undefined) return undefined;
    const found = this.pending?.has(key) === true ? 'rejected' : await store.get(key);
    const now = this.now();
    if (found === undefined || found === 'rejected' || now >= credentialEnd(found)) {
      events.miss('redis');
      return found === 'rejected' ? found : undefined;
    }
    events.hit('redis');
    const entry = newEntry(found.principal, Math.min(found.freshUntil, now + this.options.ttlMs), now);
    this.keep(key, entry);
    return entry;
  }

  /** Caches the approval that AuthService has just given. */
  approve(key: string, principal: Principal): CacheEntry {
    const now = this.now();
    const entry = newEntry(principal, Math.min(now + this.options.ttlMs, principal.expiresAt * 1000), now);
    this.pending?.drop(key);
    if (this.keep(key, entry)) {
      const usefulMs = hardCap(entry, this.options.hardGraceMs) - now;
      void this.parts.store?.set(key, entry, Math.max(usefulMs, MIN_STORE_MS));
    }
    return entry;
  }

  /**
   * Evicts a rejected credential here and in the shared store, whether or not it was cached here, since an approval may
   * be in either. Returns false if it was not cached here.
   */
  reject(key: string, reason: EvictionReason): boolean {
    const { ttlMs, hardGraceMs } = this.options;
    void this.pending?.write(key, Math.max(ttlMs + hardGraceMs, MIN_STORE_MS));
    return this.evict(key, reason);
  }

  /**
   * Resolves to true if an instance has recorded the rejection of the credential, also during an outage. Undefined
   * without a shared store.
   */
  wasRejected(key: string): Promise<boolean> | undefined {
    return this.parts.store && this.findRejection(key, this.parts.store);
  }

  private async findRejection(key: string, store: AuthCacheStore): Promise<boolean> {
    const rejected = this.pending?.has(key) === true || (await store.isRejected(key));
    if (rejected) this.evict(key, 'auth_rejection');
    return rejected;
  }

  /** Extends a stale entry after a failed refresh. Undefined if there is none or its hard limit has passed. */
  extendStale(key: string, error: unknown): CacheEntry | undefined {
    const entry = this.table.peek(key);
    if (entry === undefined) return undefined;
    const now = this.now();
    const cap = hardCap(entry, this.graceMs());
    if (now >= cap) {
      this.evict(key, 'hard_cap_exceeded');
      return undefined;
    }
    entry.softExpiresAt = Math.min(Math.max(entry.freshUntil, now + this.options.softBumpMs), cap);
    entry.refreshAt = ahead(entry.softExpiresAt, now);
    entry.failure = errorClass(error);
    entry.staleLogged = false;
    this.parts.events.refreshFailed(key, error, entry.softExpiresAt);
    return entry;
  }

  /** Returns the principal of an entry and records in the call how it was authenticated. */
  use(key: string, entry: CacheEntry, call: CallContext): Principal {
    const now = this.now();
    if (now < entry.freshUntil) return entry.principal;
    call.authCacheStale = true;
    this.parts.events.staleServed();
    if (!entry.staleLogged) this.logStale(key, entry, now);
    return entry.principal;
  }

  /**
   * Removes an entry whose time has passed; the shared store expires its copy itself. Returns false if there is none.
   */
  private evict(key: string, reason: EvictionReason): boolean {
    if (!this.table.delete(key)) return false;
    this.parts.events.evicted(key, reason);
    this.parts.events.resized(this.table.size, this.table.bytes);
    return true;
  }

  private keep(key: string, entry: CacheEntry): boolean {
    const { events } = this.parts;
    const fits = entry.bytes <= MAX_ENTRY_BYTES;
    events.stored(entry.bytes);
    if (entry.bytes > LARGE_BYTES) events.oversized(key, entry.bytes, fits);
    if (fits) this.table.set(key, entry);
    else this.table.delete(key);
    events.resized(this.table.size, this.table.bytes);
    return fits;
  }

  private logStale(key: string, entry: CacheEntry, now: number): void {
    entry.staleLogged = true;
    this.parts.events.staleBegan(key, {
      staleFor: now - entry.freshUntil,
      hardGraceRemaining: hardCap(entry, this.graceMs()) - now,
      hardGrace: this.graceMs(),
      hardGraceDegraded: Math.min(this.options.hardGraceMs, DEGRADED_GRACE_MS),
      failure: entry.failure ?? '',
    });
  }

  private graceMs(): number {
    const { hardGraceMs } = this.options;
    return this.parts.isFeedDown?.() === true ? Math.min(hardGraceMs, DEGRADED_GRACE_MS) : hardGraceMs;
  }
}

import type { CallContext } from '../../domain/call-context.js';
import type { Principal } from '../../domain/principal.js';
import type { AuthCacheEvents, EvictionReason } from './auth-cache-events.js';
import type { AuthCacheStore } from './auth-cache-store.js';
import { ahead, credentialEnd, hardCap, newEntry, type CacheEntry } from './cache-entry.js';
import { EntryTable } from './entry-table.js';
import { errorClass } from './refresh-failure.js';
import { UntoldRejections } from './untold-rejections.js';

/** Longest grace while nobody tells which credentials were revoked. */
const DEGRADED_GRACE_MS = 15 * 60_000;
/** More than the first is a mistake somewhere, more than the second is not kept. */
const LARGE_BYTES = 50 * 1024;
const MAX_ENTRY_BYTES = 1024 ** 2;
/** Least time that an entry is kept in the shared store. */
const MIN_STORE_MS = 30_000;

/** The rules of the ladder; all durations in ms. */
export interface AuthCacheOptions {
  readonly ttlMs: number;
  readonly softBumpMs: number;
  readonly hardGraceMs: number;
  readonly maxEntries: number;
  readonly maxBytes: number;
}

/** What verdicts are kept with. */
export interface VerdictParts {
  readonly events: AuthCacheEvents;
  /** Where instances share what they know; undefined: nowhere. */
  readonly store?: AuthCacheStore | undefined;
  /** Whether the feed of revoked credentials is down. */
  readonly isFeedDown?: () => boolean;
  /** Unix ms. */
  readonly now?: () => number;
}

/** What was dropped for want of room: credentials by the limit that was reached, and rejections that the store was not told of. */
export interface VerdictEvictions {
  readonly credentials: Readonly<Record<'entries' | 'bytes', number>>;
  readonly rejections: number;
}

/** The verdicts that are known, each with its time: fresh, stale for want of a better one, or over. */
export class CredentialCache {
  readonly now: () => number;
  private readonly table: EntryTable;
  private readonly untold: UntoldRejections | undefined;

  constructor(
    private readonly parts: VerdictParts,
    private readonly options: AuthCacheOptions,
  ) {
    this.table = new EntryTable(options);
    this.now = parts.now ?? (() => Date.now());
    const { store, events } = parts;
    this.untold = store && new UntoldRejections(store, this.now, (size) => events.untold(size));
  }

  get evicted(): VerdictEvictions {
    return { credentials: this.table.evicted, rejections: this.untold?.evicted ?? 0 };
  }

  /** Whether there is a verdict, of whatever age. */
  has(key: string): boolean {
    return this.table.peek(key) !== undefined;
  }

  /** The verdict of a credential, unless its time is over for good. */
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

  /** Whether AuthService is to be asked before the verdict is used. A clock that was set back must not lengthen its time. */
  isDue(entry: CacheEntry): boolean {
    const { ttlMs, softBumpMs } = this.options;
    const left = entry.softExpiresAt - this.now();
    return left <= 0 || left > ttlMs + softBumpMs;
  }

  /** The verdict that another instance has shared; an approval is from now on known here too. */
  async adopt(key: string): Promise<CacheEntry | 'rejected' | undefined> {
    const { store, events } = this.parts;
    if (store === undefined) return undefined;
    const found = this.untold?.has(key) === true ? 'rejected' : await store.get(key);
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

  /** Takes a verdict that AuthService has just given. */
  approve(key: string, principal: Principal): CacheEntry {
    const now = this.now();
    const entry = newEntry(principal, Math.min(now + this.options.ttlMs, principal.expiresAt * 1000), now);
    this.untold?.drop(key);
    if (this.keep(key, entry)) {
      const usefulMs = hardCap(entry, this.options.hardGraceMs) - now;
      void this.parts.store?.set(key, entry, Math.max(usefulMs, MIN_STORE_MS));
    }
    return entry;
  }

  /**
   * Gives up a rejected credential, here and in the shared store, whether or not it was known here: a rejection is
   * kept wherever an approval may be. False where it was not known here.
   */
  reject(key: string, reason: EvictionReason): boolean {
    const { ttlMs, hardGraceMs } = this.options;
    void this.untold?.tell(key, Math.max(ttlMs + hardGraceMs, MIN_STORE_MS));
    return this.evict(key, reason);
  }

  /** Returns whether an instance knows that the credential was rejected, which holds in an outage too. Undefined where instances share nothing. */
  wasRejected(key: string): Promise<boolean> | undefined {
    return this.parts.store && this.findRejection(key, this.parts.store);
  }

  private async findRejection(key: string, store: AuthCacheStore): Promise<boolean> {
    const rejected = this.untold?.has(key) === true || (await store.isRejected(key));
    if (rejected) this.evict(key, 'auth_rejection');
    return rejected;
  }

  /** AuthService could not be asked: the old verdict stands for another while. Undefined where there is none, or its time is over. */
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

  /** Lets a request in on a verdict. */
  use(key: string, entry: CacheEntry, call: CallContext): Principal {
    const now = this.now();
    if (now < entry.freshUntil) return entry.principal;
    call.authCacheStale = true;
    this.parts.events.staleServed();
    if (!entry.staleLogged) this.tellStale(key, entry, now);
    return entry.principal;
  }

  /** Forgets a verdict whose time is over; in the shared store it ends by itself. False where there is none. */
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

  private tellStale(key: string, entry: CacheEntry, now: number): void {
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

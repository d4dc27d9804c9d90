import type { FlightReport } from '../../observe/bounded-metrics.js';
import { hash as digest } from 'node:crypto';
import type { CallContext } from '../../domain/call-context.js';
import type { Principal } from '../../domain/principal.js';
import { SingleFlight } from '../../traffic/single-flight.js';
import { refusal } from '../refusal.js';
import type { EvictionReason } from './auth-cache-events.js';
import type { CacheEntry } from './cache-entry.js';
import type { OpaqueCredential, ValidateCredential } from './credential-validator.js';
import { MassRejection } from './mass-rejection.js';
import { CredentialRejected, isRejection, toDenial } from './refresh-failure.js';
import {
  CredentialCache,
  type AuthCacheOptions,
  type VerdictEvictions,
  type VerdictParts,
} from './credential-cache.js';

/** Dependencies of {@link AuthCache}. */
interface AuthCacheParts extends VerdictParts {
  readonly validate: ValidateCredential;
}

/** Credential of one request, with its cache key. */
interface Lookup {
  readonly key: string;
  readonly hash: string;
  readonly credential: OpaqueCredential;
  readonly call: CallContext;
}

/**
 * Caches AuthService's validation of API keys and opaque tokens, also beyond its freshness during an outage of
 * AuthService (stale-if-error, RFC 5861 4). An entry is refreshed in the background before it expires. Once it has
 * expired, requests wait for the refresh, and use the stale entry only if AuthService cannot be reached. A credential
 * that AuthService rejects is evicted immediately.
 */
export class AuthCache {
  private readonly credentials: CredentialCache;
  private readonly flights = new SingleFlight<CacheEntry>();
  private readonly massRejection: MassRejection;

  constructor(
    private readonly parts: AuthCacheParts,
    options: AuthCacheOptions,
  ) {
    this.credentials = new CredentialCache(parts, options);
    this.massRejection = new MassRejection((report) => parts.events.massRejection(report));
  }

  /**
   * Returns how many requests wait for a validation that another request started, and how long such requests waited.
   */
  get flight(): FlightReport {
    return this.flights.report;
  }

  /** Returns the number of entries dropped so far because a limit was reached. */
  get evicted(): VerdictEvictions {
    return this.credentials.evicted;
  }

  /**
   * Returns the caller, synchronously on a cache hit. Rejects with UNAUTHENTICATED, or with AUTH_UNAVAILABLE when
   * AuthService cannot be reached and no entry can be used.
   */
  authenticate(credential: OpaqueCredential, call: CallContext): Principal | Promise<Principal> {
    const hash = hashOf(credential);
    const lookup = { key: keyOf(hash, credential), hash, credential, call };
    const entry = this.credentials.find(lookup.key);
    if (entry === undefined || this.credentials.isDue(entry)) {
      this.parts.events.miss('l1');
      return this.wait(lookup);
    }
    this.parts.events.hit('l1');
    if (this.credentials.now() >= entry.refreshAt) this.refreshBehind(lookup, entry);
    return this.credentials.use(lookup.key, entry, call);
  }

  /** Evicts a credential before it expires. */
  forget(credential: OpaqueCredential, reason: EvictionReason): void {
    this.credentials.reject(keyOf(hashOf(credential), credential), reason);
  }

  private async wait(lookup: Lookup): Promise<Principal> {
    const entry = await this.flights.run(lookup.key, () => this.load(lookup));
    return this.credentials.use(lookup.key, entry, lookup.call);
  }

  private refreshBehind(lookup: Lookup, entry: CacheEntry): void {
    entry.refreshAt = entry.softExpiresAt;
    this.flights
      .run(lookup.key, () => this.refresh(lookup, 'auth_rejection_async'))
      .catch(() => {
        // The next request with this credential handles the outcome.
      });
  }

  private async load(lookup: Lookup): Promise<CacheEntry> {
    if (!this.credentials.has(lookup.key)) {
      const shared = await this.credentials.adopt(lookup.key);
      if (shared !== undefined && shared !== 'rejected' && !this.credentials.isDue(shared)) return shared;
    }
    return this.refresh(lookup, 'auth_rejection');
  }

  private async refresh(lookup: Lookup, rejection: EvictionReason): Promise<CacheEntry> {
    const { key, hash, credential, call } = lookup;
    try {
      const principal = await this.parts.validate(credential, hash, call);
      this.parts.events.refreshed();
      if (isOver(principal, this.credentials.now())) throw new CredentialRejected('the credential has expired');
      return this.approve(key, principal);
    } catch (error) {
      if (isRejection(error)) throw this.reject(key, rejection, error);
      const rejected = this.credentials.wasRejected(key);
      if (rejected !== undefined && (await rejected)) throw refusal('SESSION_INVALID', error);
      const entry = this.credentials.extendStale(key, error);
      if (entry === undefined) throw toDenial(error);
      return entry;
    }
  }

  private approve(key: string, principal: Principal): CacheEntry {
    if (this.credentials.has(key)) this.massRejection.record(true, this.credentials.now());
    return this.credentials.approve(key, principal);
  }

  private reject(key: string, reason: EvictionReason, cause: unknown): Error {
    this.parts.events.refreshed();
    if (this.credentials.reject(key, reason)) this.massRejection.record(false, this.credentials.now());
    return refusal('SESSION_INVALID', cause);
  }
}

function isOver({ expiresAt }: Principal, now: number): boolean {
  return now >= expiresAt * 1000;
}

function hashOf({ value }: OpaqueCredential): string {
  return digest('sha256', value, 'hex');
}

/** Returns the cache key. It begins with the hash, whose first characters are logged. */
function keyOf(hash: string, { kind }: OpaqueCredential): string {
  return `${hash}:${kind}`;
}

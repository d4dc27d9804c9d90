import type { CryptoKey, FlattenedJWSInput, JWSHeaderParameters } from 'jose';
import { withDeadline } from '../../domain/loop-timeout.js';
import { laterUnlessEnded, type Schedule } from '../../domain/schedule.js';
import { fetchKeys, KeyFetchError, type FetchKeys, type KeyFailure } from './fetch-keys.js';
import { parseKeySet, type KeySet } from './key-set.js';

/** Pause between two fetches caused by unknown key IDs, and between two attempts after a failure, in ms. */
const COOLDOWN_MS = 30_000;
/** First pause after a failure while no keys are known yet, in ms; doubled up to the cooldown. */
const FIRST_RETRY_MS = 1_000;
const FETCH_TIMEOUT_MS = 2_000;
/** Tokens that may wait for one fetch; further ones are rejected as tokens with an unknown key. */
const MAX_WAITING = 100;
/** Refreshes are spread, so that instances started together do not fetch together. */
const JITTER = 0.2;

/** Receives the outcome of each fetch. */
export interface KeysListener {
  succeeded(skewSeconds: number | undefined): void;
  failed(reason: KeyFailure, error: Error): void;
  /** Called when keys are no longer published or were replaced: tokens that they signed are void. */
  withdrawn(): void;
}

/** State of the keys of one issuer. */
export interface KeysReport {
  readonly url: string;
  /** Key IDs (`kid`); a key without one is only counted. */
  readonly keyIds: readonly string[];
  readonly count: number;
  /** Time since the last successful fetch, in ms; undefined before the first one. */
  readonly ageMs: number | undefined;
  readonly nextRefreshInMs: number | undefined;
  readonly consecutiveFailures: number;
  /** True if the keys are too old to be trusted: requests with tokens are answered 503. */
  readonly isOutdated: boolean;
}

interface RemoteKeysOptions {
  readonly url: string;
  readonly ttlMs: number;
  /** Time for which keys are used beyond their lifetime while the issuer cannot be reached, in ms. */
  readonly hardGraceMs: number;
  readonly listener: KeysListener;
  readonly fetchKeys?: FetchKeys;
  /** Returns monotonic ms. */
  readonly now?: () => number;
  readonly random?: () => number;
  readonly schedule?: Schedule;
}

/**
 * Keys of an issuer, refreshed in the background and kept during its outage: an unreachable issuer must not sign anyone
 * out. Tokens with a known key never wait for a fetch.
 */
export class RemoteKeys {
  private keys: KeySet | undefined;
  private lastSuccess = -Infinity;
  /** Time of the last fetch that was made for a token, or that failed; monotonic ms. */
  private coolsFrom = -Infinity;
  private waiting = 0;
  private failures = 0;
  private nextAt = 0;
  private pending: Promise<void> | undefined;
  private cancelTimer: (() => void) | undefined;
  private stopped = false;

  private readonly fetch: FetchKeys;
  private readonly now: () => number;

  constructor(private readonly options: RemoteKeysOptions) {
    this.fetch = options.fetchKeys ?? fetchKeys;
    this.now = options.now ?? (() => performance.now());
  }

  /** True once keys have been fetched. */
  get ready(): boolean {
    return this.keys !== undefined;
  }

  /** Returns the state of the keys, without key material. */
  report(): KeysReport {
    const now = this.now();
    return {
      url: this.options.url,
      keyIds: [...(this.keys?.kids ?? [])],
      count: this.keys?.identities.size ?? 0,
      ageMs: this.keys === undefined ? undefined : now - this.lastSuccess,
      nextRefreshInMs: this.cancelTimer === undefined ? undefined : Math.max(this.nextAt - now, 0),
      consecutiveFailures: this.failures,
      isOutdated: this.keys !== undefined && this.isOutdated(),
    };
  }

  /**
   * Starts the first fetch without waiting for it: a pod whose issuer cannot be reached starts and reports that it is
   * not ready.
   */
  start(): void {
    void this.refresh();
  }

  stop(): void {
    this.stopped = true;
    this.cancelTimer?.();
  }

  /**
   * Returns the key of a token. Throws KeysUnavailable while no key can be trusted, and jose's error if none matches.
   */
  async find(header: JWSHeaderParameters, token: FlattenedJWSInput): Promise<CryptoKey> {
    const known = this.keys !== undefined && (header.kid === undefined || this.keys.kids.has(header.kid));
    if (!known) await this.askFor(header.kid);
    if (this.keys === undefined || this.isOutdated()) throw new KeysUnavailable();
    return this.keys.find(header, token);
  }

  /**
   * Returns true if a token is to be rejected for its key ID alone, before any other check: the issuer does not have
   * that key, and no fetch that could bring it is due or under way.
   */
  lacks(kid: string): boolean {
    if (this.keys === undefined || this.keys.kids.has(kid) || this.isOutdated()) return false;
    return this.pending === undefined ? this.isCoolingDown() : this.waiting >= MAX_WAITING;
  }

  private isCoolingDown(): boolean {
    return this.now() - this.coolsFrom < COOLDOWN_MS;
  }

  /** Returns true if the keys are older than the refresh interval and the grace allow. */
  private isOutdated(): boolean {
    const { ttlMs, hardGraceMs } = this.options;
    return this.now() - this.lastSuccess > ttlMs * (1 + JITTER) + FETCH_TIMEOUT_MS + hardGraceMs;
  }

  /**
   * Waits for the fetch under way, or starts one unless one was started recently. Called for a token with an unknown
   * key.
   */
  private async askFor(kid: string | undefined): Promise<void> {
    if (kid !== undefined && this.lacks(kid)) return;
    const fetched = this.pending ?? this.fetchForToken();
    if (fetched === undefined) return;
    this.waiting += 1;
    try {
      await fetched;
    } finally {
      this.waiting -= 1;
    }
  }

  private fetchForToken(): Promise<void> | undefined {
    if (this.keys === undefined || this.isCoolingDown()) return undefined;
    this.coolsFrom = this.now();
    return this.refresh();
  }

  /** Fetches the keys now; concurrent calls share one fetch. Never rejects. */
  refresh(): Promise<void> {
    this.pending ??= this.load().finally(() => {
      this.pending = undefined;
      this.plan();
    });
    return this.pending;
  }

  private async load(): Promise<void> {
    const sentAt = Date.now();
    try {
      const ask = (signal: AbortSignal) => this.fetch(this.options.url, signal);
      const { text, date } = await withDeadline(FETCH_TIMEOUT_MS, ask);
      this.take(readKeys(text));
      this.options.listener.succeeded(clockSkew(date, sentAt, Date.now()));
    } catch (error) {
      this.failures += 1;
      // After a failure, tokens do not trigger a fetch before the cooldown is over either.
      this.coolsFrom = this.now();
      const failure = error instanceof KeyFetchError ? error : new KeyFetchError('network', 'no key set', error);
      this.options.listener.failed(failure.reason, failure);
    }
  }

  private take(keys: KeySet): void {
    const withdrawn = [...(this.keys?.identities ?? [])].some((identity) => !keys.identities.has(identity));
    this.keys = keys;
    this.lastSuccess = this.now();
    this.failures = 0;
    if (withdrawn) this.options.listener.withdrawn();
  }

  private plan(): void {
    this.cancelTimer?.();
    if (this.stopped) return;
    const { random = Math.random, schedule = laterUnlessEnded } = this.options;
    const isAway = this.failures > 0 && this.keys !== undefined;
    // Not before the cooldown is over: retries and fetches for tokens together are one per cooldown. The regular
    // refreshes of instances are spread already, and so are the retries that follow them.
    const pauseMs = this.pauseMs() * (isAway ? 1 : 1 - JITTER + 2 * JITTER * random());
    this.nextAt = this.now() + pauseMs;
    this.cancelTimer = schedule(() => void this.refresh(), pauseMs);
  }

  private pauseMs(): number {
    if (this.failures === 0) return this.options.ttlMs;
    if (this.keys === undefined) return Math.min(FIRST_RETRY_MS * 2 ** (this.failures - 1), COOLDOWN_MS);
    return Math.min(this.options.ttlMs, COOLDOWN_MS);
  }
}

/** No key of the issuer can be trusted, so the token cannot be judged: 503, never 401. */
export class KeysUnavailable extends Error {
  override readonly name = 'KeysUnavailable';
}

function readKeys(text: string): KeySet {
  try {
    return parseKeySet(text);
  } catch (error) {
    const reason = error instanceof SyntaxError ? 'it is not JSON' : (error as Error).message;
    throw new KeyFetchError('invalid', `the key set cannot be used: ${reason.slice(0, 200)}`, error);
  }
}

/**
 * Returns how far this clock is ahead, in seconds. A Date header is truncated to the second, so half a second is its
 * expected error.
 */
function clockSkew(date: string | null, sentAt: number, receivedAt: number): number | undefined {
  const theirs = Date.parse(date ?? '');
  return Number.isNaN(theirs) ? undefined : ((sentAt + receivedAt) / 2 - theirs - 500) / 1000;
}

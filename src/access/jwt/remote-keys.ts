import type { CryptoKey, FlattenedJWSInput, JWSHeaderParameters } from 'jose';
import { withDeadline } from '../../domain/loop-timeout.js';
import { laterUnlessEnded, type Schedule } from '../../domain/schedule.js';
import { fetchKeys, KeyFetchError, type FetchKeys, type KeyFailure } from './fetch-keys.js';
import { parseKeySet, type KeySet } from './key-set.js';

/** Pause between two fetches that unknown key ids cause, and between two attempts at an issuer that is away. */
const COOLDOWN_MS = 30_000;
/** First pause of an issuer that has not been seen yet; doubled up to the cooldown. */
const FIRST_RETRY_MS = 1_000;
const FETCH_TIMEOUT_MS = 2_000;
/** Tokens that may wait for one fetch; further ones are refused as tokens of an unknown key are after it. */
const MAX_WAITING = 100;
/** Refreshes are spread, so that instances started together do not ask together. */
const JITTER = 0.2;

/** Is told what became of each fetch. */
export interface KeysListener {
  succeeded(skewSeconds: number | undefined): void;
  failed(reason: KeyFailure, error: Error): void;
  /** Keys are no longer published, or others are in their place: what they signed is void. */
  withdrawn(): void;
}

/** The keys of one issuer. */
export interface KeysReport {
  readonly url: string;
  /** Names of keys (`kid`); a key without one is only counted. */
  readonly keyIds: readonly string[];
  readonly count: number;
  /** Since the last fetch that brought keys; undefined before the first one. */
  readonly ageMs: number | undefined;
  readonly nextRefreshInMs: number | undefined;
  readonly consecutiveFailures: number;
  /** The keys are too old to be trusted: tokens are answered 503. */
  readonly isOutdated: boolean;
}

interface RemoteKeysOptions {
  readonly url: string;
  readonly ttlMs: number;
  /** How long beyond their time keys are used while the issuer is away. */
  readonly hardGraceMs: number;
  readonly listener: KeysListener;
  readonly fetchKeys?: FetchKeys;
  /** Monotonic ms. */
  readonly now?: () => number;
  readonly random?: () => number;
  readonly schedule?: Schedule;
}

/**
 * Keys of an issuer, refreshed in the background and kept when the issuer is gone: an unreachable issuer must not sign
 * anybody out. Tokens of known keys never wait for a fetch.
 */
export class RemoteKeys {
  private keys: KeySet | undefined;
  private lastSuccess = -Infinity;
  /** When a fetch was last made for a token, or failed. */
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

  /** True once keys have been seen. */
  get ready(): boolean {
    return this.keys !== undefined;
  }

  /** What is known of the issuer's keys at present: names, never the keys. */
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

  /** Begins without waiting: a pod whose issuer is away must come up and say that it is not ready. */
  start(): void {
    void this.refresh();
  }

  stop(): void {
    this.stopped = true;
    this.cancelTimer?.();
  }

  /** The key of a token. Throws KeysUnavailable while none can be trusted, jose's error when none fits. */
  async find(header: JWSHeaderParameters, token: FlattenedJWSInput): Promise<CryptoKey> {
    const known = this.keys !== undefined && (header.kid === undefined || this.keys.kids.has(header.kid));
    if (!known) await this.askFor(header.kid);
    if (this.keys === undefined || this.isOutdated()) throw new KeysUnavailable();
    return this.keys.find(header, token);
  }

  /**
   * Tells whether a token is to be refused for the key that it names, without any look at the rest of it: its issuer does
   * not have that key, and no fetch is due or can be waited for that could bring it.
   */
  lacks(kid: string): boolean {
    if (this.keys === undefined || this.keys.kids.has(kid) || this.isOutdated()) return false;
    return this.pending === undefined ? this.isCoolingDown() : this.waiting >= MAX_WAITING;
  }

  private isCoolingDown(): boolean {
    return this.now() - this.coolsFrom < COOLDOWN_MS;
  }

  /** Keys older than a refresh can ever make them, and than the grace. */
  private isOutdated(): boolean {
    const { ttlMs, hardGraceMs } = this.options;
    return this.now() - this.lastSuccess > ttlMs * (1 + JITTER) + FETCH_TIMEOUT_MS + hardGraceMs;
  }

  /** For a token of an unknown key: waits for a fetch under way, else makes one unless one was made lately. */
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

  /** Fetches the keys now: one fetch at a time, whoever asks. Never rejects. */
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
      // An issuer that is away is not asked again for a token either.
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
    // Not before the cooldown is over: attempts and fetches for tokens together are one per cooldown. The regular
    // refreshes of several instances are spread already, and so are the attempts that follow them.
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

/** No key of the issuer can be trusted, so nothing can be said about a token: 503, never 401. */
export class KeysUnavailable extends Error {
  override readonly name = 'KeysUnavailable';
}

function readKeys(text: string): KeySet {
  try {
    return parseKeySet(text);
  } catch (error) {
    const reason = error instanceof SyntaxError ? 'it is no JSON' : (error as Error).message;
    throw new KeyFetchError('invalid', `the key set cannot be used: ${reason.slice(0, 200)}`, error);
  }
}

/** How far this clock is ahead, in seconds. A Date header is cut to the second, so half of one is its expected error. */
function clockSkew(date: string | null, sentAt: number, receivedAt: number): number | undefined {
  const theirs = Date.parse(date ?? '');
  return Number.isNaN(theirs) ? undefined : ((sentAt + receivedAt) / 2 - theirs - 500) / 1000;
}

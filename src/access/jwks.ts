import type { OnApplicationBootstrap, OnApplicationShutdown } from '@nestjs/common';
import {
  createLocalJWKSet,
  type CryptoKey,
  type FlattenedJWSInput,
  type JSONWebKeySet,
  type JWSHeaderParameters,
} from 'jose';
import { z } from 'zod';

/** Pause between two fetches caused by unknown key ids, also after a failed one (fact F15). */
const COOLDOWN_MS = 30_000;
const FETCH_TIMEOUT_MS = 2_000;
const MAX_BYTES = 262_144;

const KeySet = z.object({ keys: z.array(z.looseObject({ kty: z.enum(['RSA', 'EC', 'OKP']) })).max(100) });

/** Fetches the text of a key set; an argument so that tests need no network. */
export type FetchKeys = (url: string, signal: AbortSignal) => Promise<string>;

interface JwksOptions {
  readonly url: string;
  readonly ttlMs: number;
  readonly fetchKeys?: FetchKeys;
  readonly now?: () => number;
  /** Told of each fetch: true when it brought keys. */
  readonly onFetch?: (ok: boolean) => void;
}

type LocalKeySet = ReturnType<typeof createLocalJWKSet>;

/**
 * Keys of an issuer (RFC 7517), refreshed in the background and kept when the issuer is gone:
 * an unreachable issuer must not sign anybody out.
 */
export class RemoteKeys implements OnApplicationBootstrap, OnApplicationShutdown {
  private keys: LocalKeySet | undefined;
  private kids: ReadonlySet<string> = new Set();
  private lastAttempt = -Infinity;
  private pending: Promise<void> | undefined;
  private timer: NodeJS.Timeout | undefined;
  private readonly now: () => number;

  constructor(private readonly options: JwksOptions) {
    this.now = options.now ?? (() => performance.now());
  }

  /** True once keys have been seen. */
  get ready(): boolean {
    return this.keys !== undefined;
  }

  /** Begins without waiting: a pod whose issuer is away must come up and say that it is not ready. */
  onApplicationBootstrap(): void {
    void this.refresh();
    this.timer ??= setInterval(() => void this.refresh(), this.options.ttlMs).unref();
  }

  onApplicationShutdown(): void {
    clearInterval(this.timer);
    this.timer = undefined;
  }

  /** The key of a token. Throws KeysUnavailable when none has ever been seen, jose's error when none fits. */
  async resolve(header: JWSHeaderParameters, token: FlattenedJWSInput): Promise<CryptoKey> {
    const unknown = header.kid !== undefined && !this.kids.has(header.kid);
    if ((this.keys === undefined || unknown) && this.mayFetch()) await this.refresh();
    if (this.keys === undefined) throw new KeysUnavailable();
    return this.keys(header, token);
  }

  private mayFetch(): boolean {
    return this.pending !== undefined || this.now() - this.lastAttempt >= COOLDOWN_MS;
  }

  /** One fetch at a time, whoever asks. Never rejects. */
  private refresh(): Promise<void> {
    this.pending ??= this.load().finally(() => (this.pending = undefined));
    return this.pending;
  }

  private async load(): Promise<void> {
    this.lastAttempt = this.now();
    try {
      const text = await (this.options.fetchKeys ?? fetchText)(this.options.url, AbortSignal.timeout(FETCH_TIMEOUT_MS));
      const set = KeySet.parse(JSON.parse(text)) as JSONWebKeySet;
      this.keys = createLocalJWKSet(set);
      this.kids = new Set(set.keys.flatMap((key) => (key.kid === undefined ? [] : [key.kid])));
      this.options.onFetch?.(true);
    } catch {
      this.options.onFetch?.(false);
    }
  }
}

/** No key of the issuer has been seen yet, so nothing can be said about a token: 503, never 401 (fact F16). */
export class KeysUnavailable extends Error {
  override readonly name = 'KeysUnavailable';
}

async function fetchText(url: string, signal: AbortSignal): Promise<string> {
  const response = await fetch(url, { signal, redirect: 'error', headers: { accept: 'application/json' } });
  if (!response.ok) throw new Error(`key set answered ${response.status}`);
  const text = await response.text();
  if (text.length > MAX_BYTES) throw new Error('key set too large');
  return text;
}

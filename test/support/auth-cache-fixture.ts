import { pino } from 'pino';
import { AuthCache } from '../../src/access/auth-cache/auth-cache.js';
import { AuthCacheEvents } from '../../src/access/auth-cache/auth-cache-events.js';
import type { AuthCacheStore } from '../../src/access/auth-cache/cache-entry.js';
import { CredentialRejected } from '../../src/access/auth-cache/refresh-failure.js';
import type { AuthCacheOptions } from '../../src/access/auth-cache/credential-cache.js';
import { CallContext } from '../../src/domain/call-context.js';
import { GatewayError } from '../../src/domain/errors.js';
import type { Principal } from '../../src/domain/principal.js';
import { GRPC_CODES, type GrpcCode } from '../../src/grpc/grpc-code.js';
import { classify } from '../../src/grpc/grpc-failure.js';
import { DegradeFlags } from '../../src/observe/degrade-flags.js';
import { GatewayMetrics } from '../../src/observe/metrics.js';
import { principalOf } from './principal.js';
import { NO_TRACE } from '../../src/domain/trace-context.js';

export const SECOND = 1000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;

const OPTIONS: AuthCacheOptions = {
  ttlMs: MINUTE,
  softBumpMs: 5 * MINUTE,
  hardGraceMs: 6 * HOUR,
  maxEntries: 100,
  maxBytes: 8 * 1024 ** 2,
};

/** The credential of a request that names no other. */
export const KEY = 'sk-1';

/** The error of a request. */
export interface Outcome {
  readonly code: string;
  readonly reason?: string | undefined;
  readonly retryAfter?: number | undefined;
}

/** A cache in front of an AuthService that a test answers for, and a clock that it sets. */
export class AuthCacheFixture {
  now = Date.UTC(2026, 10, 1);
  asked = 0;
  isFeedDown = false;
  answer: (value: string) => Promise<Principal> = () => Promise.resolve(serviceOf());
  readonly lines: Record<string, unknown>[] = [];
  readonly metrics = new GatewayMetrics({ inFlight: new Set(), droppedLines: () => 0 });
  readonly cache: AuthCache;

  constructor(options: Partial<AuthCacheOptions> = {}, store?: AuthCacheStore) {
    const log = pino(
      { base: null, formatters: { level: (level) => ({ level }) } },
      { write: (line) => this.note(line) },
    );
    const flags = new DegradeFlags(this.metrics, log, { holdMs: 0, schedule: (callback) => (callback(), () => {}) });
    this.cache = new AuthCache(
      {
        events: new AuthCacheEvents(this.metrics.auth, log, flags),
        store,
        isFeedDown: () => this.isFeedDown,
        now: () => this.now,
        validate: ({ value }) => {
          this.asked += 1;
          return this.answer(value);
        },
      },
      { ...OPTIONS, ...options },
    );
  }

  /** `ok`, `stale`, or the error of one request. */
  async request(value = KEY): Promise<'ok' | 'stale' | Outcome> {
    const call = new CallContext('req-1', NO_TRACE, 0, 0);
    try {
      await this.cache.authenticate({ kind: 'api_key', value }, call);
      return call.authCacheStale ? 'stale' : 'ok';
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error;
      const { code, decisionReason: reason, retryAfterSeconds: retryAfter } = error;
      return { code, reason, ...(retryAfter === undefined ? {} : { retryAfter }) };
    }
  }

  fail(code: GrpcCode = 'UNAVAILABLE'): void {
    this.answer = () => Promise.reject(grpcError(code));
  }

  /** The lines of the ladder so far, without those of the flags. */
  ladder(): string[] {
    return this.lines
      .filter(({ msg }) => String(msg).startsWith('auth_cache_'))
      .map(({ level, msg }) => `${String(level)} ${String(msg)}`);
  }

  async metric(name: string): Promise<Record<string, number>> {
    const { values } = (await this.metrics.registry.getSingleMetric(name)?.get()) ?? { values: [] };
    return Object.fromEntries(values.map(({ labels, value }) => [Object.values(labels).join(), value]));
  }

  private note(line: string): void {
    this.lines.push(JSON.parse(line) as Record<string, unknown>);
  }
}

/** AuthService turns a credential down. */
export const REJECTED = () => Promise.reject(new CredentialRejected('valid: false'));

/** Error for a bad credential. */
export const UNAUTHENTICATED: Outcome = { code: 'UNAUTHENTICATED', reason: 'SESSION_INVALID' };
/** Error for an unknown credential while AuthService is unavailable. */
export const UNAVAILABLE: Outcome = { code: 'AUTH_UNAVAILABLE', reason: 'AUTH_UPSTREAM_UNAVAILABLE', retryAfter: 5 };

/** The holder of an API key. */
export function serviceOf(changes: Partial<Principal> = {}): Principal {
  return principalOf({ subject: 'service-acme', identityType: 'service', authMethod: 'api_key', ...changes });
}

/** Returns an error of the call stack. */
export function grpcError(code: GrpcCode, byAuthService = true): GatewayError {
  const failure = classify('auth', {
    code: GRPC_CODES.indexOf(code),
    details: 'the store of sessions is away',
    metadata: undefined,
    grpcHeaders: byAuthService,
  });
  return new GatewayError('UPSTREAM_ERROR', 'The "auth" service failed.', { cause: failure });
}

/** Lets everything run that waits for nothing but its turn. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

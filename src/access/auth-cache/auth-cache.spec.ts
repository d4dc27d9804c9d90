import { pino } from 'pino';
import { beforeEach, describe, expect, it } from 'vitest';
import { principalOf } from '../../../test/support/principal.js';
import { CallContext } from '../../domain/call-context.js';
import { GatewayError } from '../../domain/errors.js';
import type { Principal } from '../../domain/principal.js';
import { classify } from '../../grpc/grpc-failure.js';
import { GRPC_CODES, type GrpcCode } from '../../grpc/grpc-code.js';
import { DegradeFlags } from '../../observe/degrade-flags.js';
import { GatewayMetrics } from '../../observe/metrics.js';
import { AuthCache } from './auth-cache.js';
import { AuthCacheEvents } from './auth-cache-events.js';
import type { AuthCacheStore } from './auth-cache-store.js';
import { CredentialRejected, UnreadableVerdict } from './refresh-failure.js';
import type { AuthCacheOptions } from './verdicts.js';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const OPTIONS: AuthCacheOptions = {
  ttlMs: MINUTE,
  softBumpMs: 5 * MINUTE,
  hardGraceMs: 6 * HOUR,
  maxEntries: 100,
  maxBytes: 8 * 1024 ** 2,
};
const KEY = { kind: 'api_key', value: 'sk-1' } as const;
const REJECTED = () => Promise.reject(new CredentialRejected('valid: false'));

interface Outcome {
  readonly code: string;
  readonly reason?: string | undefined;
  readonly retryAfter?: number | undefined;
}

/** A cache in front of an AuthService that a test answers for, and a clock that it sets. */
class World {
  now = Date.UTC(2026, 10, 1);
  asked = 0;
  isFeedDown = false;
  answer: (value: string) => Promise<Principal> = () => Promise.resolve(serviceOf());
  readonly lines: Record<string, unknown>[] = [];
  readonly metrics = new GatewayMetrics({ inFlight: () => 0, droppedLines: () => 0 });
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
  async request(value = KEY.value): Promise<'ok' | 'stale' | Outcome> {
    const call = new CallContext('req-1', '', 0, 0);
    try {
      await this.cache.authenticate({ ...KEY, value }, call);
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

const UNAUTHENTICATED: Outcome = { code: 'UNAUTHENTICATED', reason: 'SESSION_INVALID' };
const UNAVAILABLE: Outcome = { code: 'AUTH_UNAVAILABLE', reason: 'AUTH_UPSTREAM_UNAVAILABLE', retryAfter: 5 };

let world: World;

beforeEach(() => {
  world = new World();
});

describe('while AuthService answers', () => {
  it('a credential is asked about once in its time, however many requests come', async () => {
    expect(await Promise.all(Array.from({ length: 50 }, () => world.request()))).toEqual(Array(50).fill('ok'));
    expect(world.asked).toBe(1);
    world.now += 47 * SECOND;
    expect(await world.request()).toBe('ok');
    expect(world.asked).toBe(1);
  });

  it('a verdict is renewed in the background before its time, by one request', async () => {
    await world.request();
    world.now += 50 * SECOND;
    const gate = Promise.withResolvers<Principal>();
    world.answer = () => gate.promise;
    expect(await Promise.all(Array.from({ length: 20 }, () => world.request()))).toEqual(Array(20).fill('ok'));
    gate.resolve(serviceOf());
    await settle();
    world.now += 47 * SECOND;
    expect(await world.request()).toBe('ok');
    expect(world.asked).toBe(2);
  });

  it('requests past the time of a verdict wait for one renewal', async () => {
    await world.request();
    world.now += MINUTE;
    const gate = Promise.withResolvers<Principal>();
    world.answer = () => gate.promise;
    const waiting = Promise.all(Array.from({ length: 20 }, () => world.request()));
    gate.resolve(serviceOf());
    expect(await waiting).toEqual(Array(20).fill('ok'));
    expect(world.asked).toBe(2);
  });

  it('an API key and a bearer token of the same letters are two credentials', async () => {
    await world.request();
    await world.cache.authenticate({ kind: 'opaque', value: KEY.value }, new CallContext('', '', 0, 0));
    expect(world.asked).toBe(2);
  });

  it('a clock that is set back does not lengthen a verdict', async () => {
    await world.request();
    world.now -= 10 * MINUTE;
    await world.request();
    expect(world.asked).toBe(2);
  });
});

describe('while AuthService cannot be asked', () => {
  it('a warm credential works for ten minutes, and the ladder is logged in order', async () => {
    await world.request();
    world.fail();
    const outcomes = new Set<unknown>();
    for (let second = 60; second <= 600; second += 10) {
      world.now += 10 * SECOND;
      outcomes.add(await world.request());
    }
    expect(outcomes).toEqual(new Set(['ok', 'stale']));
    const round = ['warn auth_cache_refresh_transport_failure', 'info auth_cache_serve_stale'];
    expect(world.ladder()).toEqual([...round, ...round, ...round]);
    expect(world.asked).toBe(4);
  });

  it('a cold credential is an outage, not a bad credential', async () => {
    world.fail();
    expect(await world.request()).toEqual(UNAVAILABLE);
    expect(world.ladder()).toEqual([]);
  });

  it('a warm credential ends with the hard grace, loudly, and is an outage from then on', async () => {
    await world.request();
    world.fail();
    world.now += MINUTE + 6 * HOUR - 1;
    expect(await world.request()).toBe('stale');
    world.now += 1;
    expect(await world.request()).toEqual(UNAVAILABLE);
    expect(world.ladder().at(-1)).toBe('error auth_cache_hard_evict reason=hard_cap_exceeded_on_lookup');
    expect(await world.request()).toEqual(UNAVAILABLE);
    expect(await world.metric('gateway_auth_cache_hard_evictions_total')).toMatchObject({
      hard_cap_exceeded_on_lookup: 1,
      hard_cap_exceeded: 0,
    });
  });

  it('a credential that was not used for longer than the grace ends at the first failure', async () => {
    await world.request();
    world.fail();
    world.now += 7 * HOUR;
    expect(await world.request()).toEqual(UNAVAILABLE);
    expect(world.ladder()).toEqual(['error auth_cache_hard_evict reason=hard_cap_exceeded']);
  });

  it('a credential that was not used for longer than the grace is fine when AuthService answers', async () => {
    await world.request();
    world.now += 7 * HOUR;
    expect(await world.request()).toBe('ok');
    expect(world.ladder()).toEqual([]);
  });

  it('the grace shrinks to 15 minutes while the feed of revocations is down too', async () => {
    await world.request();
    world.fail();
    world.now += 2 * MINUTE;
    expect(await world.request()).toBe('stale');
    world.isFeedDown = true;
    world.now += 13 * MINUTE;
    expect(await world.request()).toBe('stale');
    world.now += MINUTE;
    expect(await world.request()).toEqual(UNAVAILABLE);
  });

  it('a credential never outlives its own end', async () => {
    world.answer = () => Promise.resolve(serviceOf({ expiresAt: (world.now + 10 * MINUTE) / SECOND }));
    await world.request();
    world.fail();
    world.now += 9 * MINUTE;
    expect(await world.request()).toBe('stale');
    world.now += MINUTE;
    expect(await world.request()).toEqual(UNAVAILABLE);
    expect(world.ladder().at(-1)).toBe('info auth_cache_hard_evict reason=credential_expired');
  });

  it('the lines carry their fields, in ms', async () => {
    await world.request();
    world.fail('DEADLINE_EXCEEDED');
    world.now += 3 * MINUTE;
    await world.request();
    const [failure, stale] = world.lines.filter(({ msg }) => String(msg).startsWith('auth_cache_'));
    const id = { vk_id: stale?.session_id_hash, session_id_hash: expect.stringMatching(/^[0-9a-f]{16}$/) as string };
    expect(failure).toMatchObject({
      ...id,
      error_class: 'deadline_exceeded',
      error: expect.stringContaining('auth') as string,
      new_soft_expires_at: new Date(world.now + 5 * MINUTE).toISOString(),
    });
    expect(stale).toMatchObject({
      ...id,
      stale_for: 2 * MINUTE,
      hard_grace_remaining: 6 * HOUR - 2 * MINUTE,
      hard_grace: 6 * HOUR,
      hard_grace_degraded: 15 * MINUTE,
      refresh_error_class: 'deadline_exceeded',
    });
    expect(JSON.stringify(world.lines)).not.toContain(KEY.value);
  });

  it('one flag tells the outage, and its end', async () => {
    await world.request();
    world.fail();
    world.now += 2 * MINUTE;
    await world.request();
    expect((await world.metric('gateway_degraded')).auth_cache).toBe(1);
    world.answer = () => Promise.resolve(serviceOf());
    world.now += 5 * MINUTE;
    expect(await world.request()).toBe('ok');
    expect((await world.metric('gateway_degraded')).auth_cache).toBe(0);
  });

  it('a grace of nothing serves nothing stale', async () => {
    world = new World({ hardGraceMs: 0 });
    await world.request();
    world.fail();
    world.now += 55 * SECOND;
    expect(await world.request()).toBe('ok');
    world.now += 5 * SECOND;
    expect(await world.request()).toEqual(UNAVAILABLE);
  });

  it('a bump of nothing asks AuthService each time', async () => {
    world = new World({ softBumpMs: 0 });
    await world.request();
    world.fail();
    world.now += MINUTE;
    expect([await world.request(), await world.request()]).toEqual(['stale', 'stale']);
    expect(world.asked).toBe(3);
  });
});

describe('a rejection', () => {
  it('of a warm credential evicts at once and answers 401', async () => {
    await world.request();
    world.now += MINUTE;
    world.answer = REJECTED;
    expect(await world.request()).toEqual(UNAUTHENTICATED);
    expect(world.ladder()).toEqual(['error auth_cache_hard_evict reason=auth_rejection']);
    world.fail();
    expect(await world.request()).toEqual(UNAVAILABLE);
  });

  it('in the background evicts for the next request', async () => {
    await world.request();
    world.now += 50 * SECOND;
    world.answer = REJECTED;
    expect(await world.request()).toBe('ok');
    await settle();
    expect(world.ladder()).toEqual(['error auth_cache_hard_evict reason=auth_rejection_async']);
    expect(await world.request()).toEqual(UNAUTHENTICATED);
  });

  it('ends a credential that has been served stale', async () => {
    await world.request();
    world.fail();
    world.now += 2 * MINUTE;
    expect(await world.request()).toBe('stale');
    world.answer = REJECTED;
    world.now += 5 * MINUTE;
    expect(await world.request()).toEqual(UNAUTHENTICATED);
  });

  it('of a cold credential is no eviction', async () => {
    world.answer = REJECTED;
    expect(await world.request()).toEqual(UNAUTHENTICATED);
    expect(world.ladder()).toEqual([]);
  });

  it('is what a verdict on a credential that has ended amounts to', async () => {
    world.answer = () => Promise.resolve(serviceOf({ expiresAt: world.now / SECOND }));
    expect(await world.request()).toEqual(UNAUTHENTICATED);
  });
});

describe('every status of AuthService is either a rejection or an outage', () => {
  const REJECTIONS = new Set<GrpcCode>(['UNAUTHENTICATED', 'PERMISSION_DENIED', 'NOT_FOUND']);

  it.each(GRPC_CODES.filter((code) => code !== 'OK'))('%s', async (code) => {
    await world.request();
    world.fail(code);
    world.now += MINUTE;
    expect(await world.request()).toEqual(REJECTIONS.has(code) ? UNAUTHENTICATED : 'stale');
  });

  it.each([
    ['an open circuit', () => new GatewayError('CIRCUIT_OPEN', 'circuit breaker is open'), 'circuit_open'],
    ['bytes that are no verdict', () => new UnreadableVerdict('no verdict'), 'malformed'],
    ['anything unforeseen', () => new TypeError('a bug'), 'internal'],
    ['a 401 of a proxy on the way', () => grpcError('UNAUTHENTICATED', false), 'unauthenticated'],
  ])('%s is an outage', async (_what, error, failure) => {
    await world.request();
    world.answer = () => Promise.reject(error());
    world.now += MINUTE;
    expect(await world.request()).toBe('stale');
    expect((await world.metric('gateway_auth_cache_refresh_failures_total'))[failure]).toBe(1);
  });

  it('a text that AuthService cannot read is a bad credential, where none was known', async () => {
    world.fail('INVALID_ARGUMENT');
    expect(await world.request()).toEqual({ code: 'UNAUTHENTICATED', reason: 'MALFORMED_CREDENTIALS' });
  });
});

describe('the cache is bounded', () => {
  it('in number: the credential used longest ago goes', async () => {
    world = new World({ maxEntries: 2 });
    for (const key of ['a', 'b', 'a', 'c']) await world.request(key);
    world.fail();
    expect([await world.request('a'), await world.request('c'), await world.request('b')]).toEqual([
      'ok',
      'ok',
      UNAVAILABLE,
    ]);
    expect(await world.metric('gateway_auth_cache_size')).toEqual({ l1: 2 });
  });

  it('in bytes', async () => {
    world = new World({ maxBytes: 100_000 });
    world.answer = () => Promise.resolve(serviceOf({ permissions: ['x'.repeat(40_000)] }));
    for (const key of ['a', 'b', 'c']) await world.request(key);
    expect(await world.metric('gateway_auth_cache_size')).toEqual({ l1: 2 });
    expect((await world.metric('gateway_auth_cache_bytes'))['']).toBeLessThan(100_000);
  });

  it.each([
    [60_000, true, 1],
    [1_100_000, false, 2],
  ])('%d bytes for one credential are told, and kept: %s', async (bytes, cached, asked) => {
    world.answer = () => Promise.resolve(serviceOf({ permissions: ['x'.repeat(bytes)] }));
    expect([await world.request(), await world.request()]).toEqual(['ok', 'ok']);
    expect(world.lines[0]).toMatchObject({ level: 'warn', msg: 'auth_cache_entry_oversized', cached });
    expect(world.asked).toBe(asked);
  });
});

describe('the brake', () => {
  it('tells once when most of the approved credentials are turned down, and evicts them all the same', async () => {
    const keys = Array.from({ length: 30 }, (_, index) => `sk-${index}`);
    for (const key of keys) await world.request(key);
    world.now += MINUTE;
    world.answer = REJECTED;
    for (const key of keys) expect(await world.request(key)).toEqual(UNAUTHENTICATED);
    const told = world.lines.filter(({ msg }) => String(msg).startsWith('auth_mass_rejection'));
    expect(told).toMatchObject([{ level: 'error', rejected: 10, checked: 10 }]);
    expect((await world.metric('gateway_auth_mass_rejections_total'))['']).toBe(1);
  });

  it('says nothing when a few of many are turned down', async () => {
    const keys = Array.from({ length: 50 }, (_, index) => `sk-${index}`);
    for (const key of keys) await world.request(key);
    world.now += MINUTE;
    world.answer = (value) => (Number(value.slice(3)) % 3 === 0 ? REJECTED() : Promise.resolve(serviceOf()));
    for (const key of keys) await world.request(key);
    expect((await world.metric('gateway_auth_mass_rejections_total'))['']).toBe(0);
  });
});

describe('what another instance knows', () => {
  class SharedStore implements AuthCacheStore {
    readonly entries = new Map<string, { principal: Principal; freshUntil: number }>();
    get = async (key: string) => this.entries.get(key);
    set = async (key: string, entry: { principal: Principal; freshUntil: number }) => void this.entries.set(key, entry);
    delete = async (key: string) => void this.entries.delete(key);
  }

  it('spares a new one the question, and carries it through an outage', async () => {
    const store = new SharedStore();
    await new World({}, store).request();
    world = new World({}, store);
    world.fail();
    expect(await world.request()).toBe('ok');
    expect(world.asked).toBe(0);
    world = new World({}, store);
    world.fail();
    world.now += 5 * MINUTE;
    expect(await world.request()).toBe('stale');
  });

  it('goes with a rejection', async () => {
    const store = new SharedStore();
    world = new World({}, store);
    await world.request();
    world.now += MINUTE;
    world.answer = REJECTED;
    await world.request();
    expect(store.entries.size).toBe(0);
  });

  it('is not believed for longer than a verdict lasts', async () => {
    const store = new SharedStore();
    await new World({}, store).request();
    for (const [key, entry] of store.entries) store.entries.set(key, { ...entry, freshUntil: Number.MAX_VALUE });
    world = new World({}, store);
    await world.request();
    world.now += MINUTE;
    await world.request();
    expect(world.asked).toBe(1);
  });
});

it('a revoked credential is given up, quietly', async () => {
  await world.request();
  world.cache.forget(KEY, 'revoked');
  expect(world.ladder()).toEqual(['info auth_cache_hard_evict reason=revoked']);
  world.fail();
  expect(await world.request()).toEqual(UNAVAILABLE);
});

function serviceOf(changes: Partial<Principal> = {}): Principal {
  return principalOf({ subject: 'service-acme', identityType: 'service', authMethod: 'api_key', ...changes });
}

/** What the call stack rejects with. */
function grpcError(code: GrpcCode, byAuthService = true): GatewayError {
  const failure = classify('auth', {
    code: GRPC_CODES.indexOf(code),
    details: 'the store of sessions is away',
    metadata: undefined,
    grpcHeaders: byAuthService,
  });
  return new GatewayError('UPSTREAM_ERROR', 'The "auth" service failed.', { cause: failure });
}

function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

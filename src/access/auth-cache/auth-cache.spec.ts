import { beforeEach, describe, expect, it } from 'vitest';
import {
  AuthCacheWorld,
  KEY,
  MINUTE,
  REJECTED,
  SECOND,
  serviceOf,
  settle,
  UNAUTHENTICATED,
  UNAVAILABLE,
} from '../../../test/support/auth-cache-world.js';
import { CallContext } from '../../domain/call-context.js';
import type { Principal } from '../../domain/principal.js';
import { NO_TRACE } from '../../domain/trace-context.js';

let world: AuthCacheWorld;

beforeEach(() => {
  world = new AuthCacheWorld();
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
    await world.cache.authenticate({ kind: 'opaque', value: KEY }, new CallContext('', NO_TRACE, 0, 0));
    expect(world.asked).toBe(2);
  });

  it('a clock that is set back does not lengthen a verdict', async () => {
    await world.request();
    world.now -= 10 * MINUTE;
    await world.request();
    expect(world.asked).toBe(2);
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

it('a revoked credential is given up, quietly', async () => {
  await world.request();
  world.cache.forget({ kind: 'api_key', value: KEY }, 'revoked');
  expect(world.ladder()).toEqual(['info auth_cache_hard_evict reason=revoked']);
  world.fail();
  expect(await world.request()).toEqual(UNAVAILABLE);
});

describe('the cache is bounded', () => {
  it('in number: the credential used longest ago goes', async () => {
    world = new AuthCacheWorld({ maxEntries: 2 });
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
    world = new AuthCacheWorld({ maxBytes: 100_000 });
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

import { beforeEach, describe, expect, it } from 'vitest';
import {
  AuthCacheFixture,
  KEY,
  MINUTE,
  REJECTED,
  SECOND,
  serviceOf,
  settle,
  UNAUTHENTICATED,
  UNAVAILABLE,
} from '../../../test/support/auth-cache-fixture.js';
import { CallContext } from '../../domain/call-context.js';
import type { Principal } from '../../domain/principal.js';
import { NO_TRACE } from '../../domain/trace-context.js';

let fixture: AuthCacheFixture;

beforeEach(() => {
  fixture = new AuthCacheFixture();
});

describe('while AuthService answers', () => {
  it('a credential is asked about once in its time, however many requests come', async () => {
    expect(await Promise.all(Array.from({ length: 50 }, () => fixture.request()))).toEqual(Array(50).fill('ok'));
    expect(fixture.asked).toBe(1);
    fixture.now += 47 * SECOND;
    expect(await fixture.request()).toBe('ok');
    expect(fixture.asked).toBe(1);
  });

  it('a verdict is renewed in the background before its time, by one request', async () => {
    await fixture.request();
    fixture.now += 50 * SECOND;
    const gate = Promise.withResolvers<Principal>();
    fixture.answer = () => gate.promise;
    expect(await Promise.all(Array.from({ length: 20 }, () => fixture.request()))).toEqual(Array(20).fill('ok'));
    gate.resolve(serviceOf());
    await settle();
    fixture.now += 47 * SECOND;
    expect(await fixture.request()).toBe('ok');
    expect(fixture.asked).toBe(2);
  });

  it('requests past the time of a verdict wait for one renewal', async () => {
    await fixture.request();
    fixture.now += MINUTE;
    const gate = Promise.withResolvers<Principal>();
    fixture.answer = () => gate.promise;
    const waiting = Promise.all(Array.from({ length: 20 }, () => fixture.request()));
    gate.resolve(serviceOf());
    expect(await waiting).toEqual(Array(20).fill('ok'));
    expect(fixture.asked).toBe(2);
  });

  it('an API key and a bearer token of the same letters are two credentials', async () => {
    await fixture.request();
    await fixture.cache.authenticate({ kind: 'opaque', value: KEY }, new CallContext('', NO_TRACE, 0, 0));
    expect(fixture.asked).toBe(2);
  });

  it('a clock that is set back does not lengthen a verdict', async () => {
    await fixture.request();
    fixture.now -= 10 * MINUTE;
    await fixture.request();
    expect(fixture.asked).toBe(2);
  });
});

describe('a rejection', () => {
  it('of a warm credential evicts at once and answers 401', async () => {
    await fixture.request();
    fixture.now += MINUTE;
    fixture.answer = REJECTED;
    expect(await fixture.request()).toEqual(UNAUTHENTICATED);
    expect(fixture.ladder()).toEqual(['error auth_cache_hard_evict reason=auth_rejection']);
    fixture.fail();
    expect(await fixture.request()).toEqual(UNAVAILABLE);
  });

  it('in the background evicts for the next request', async () => {
    await fixture.request();
    fixture.now += 50 * SECOND;
    fixture.answer = REJECTED;
    expect(await fixture.request()).toBe('ok');
    await settle();
    expect(fixture.ladder()).toEqual(['error auth_cache_hard_evict reason=auth_rejection_async']);
    expect(await fixture.request()).toEqual(UNAUTHENTICATED);
  });

  it('ends a credential that has been served stale', async () => {
    await fixture.request();
    fixture.fail();
    fixture.now += 2 * MINUTE;
    expect(await fixture.request()).toBe('stale');
    fixture.answer = REJECTED;
    fixture.now += 5 * MINUTE;
    expect(await fixture.request()).toEqual(UNAUTHENTICATED);
  });

  it('of a cold credential is no eviction', async () => {
    fixture.answer = REJECTED;
    expect(await fixture.request()).toEqual(UNAUTHENTICATED);
    expect(fixture.ladder()).toEqual([]);
  });

  it('is what a verdict on a credential that has ended amounts to', async () => {
    fixture.answer = () => Promise.resolve(serviceOf({ expiresAt: fixture.now / SECOND }));
    expect(await fixture.request()).toEqual(UNAUTHENTICATED);
  });
});

it('a revoked credential is given up, quietly', async () => {
  await fixture.request();
  fixture.cache.forget({ kind: 'api_key', value: KEY }, 'revoked');
  expect(fixture.ladder()).toEqual(['info auth_cache_hard_evict reason=revoked']);
  fixture.fail();
  expect(await fixture.request()).toEqual(UNAVAILABLE);
});

describe('the cache is bounded', () => {
  it('in number: the credential used longest ago goes', async () => {
    fixture = new AuthCacheFixture({ maxEntries: 2 });
    for (const key of ['a', 'b', 'a', 'c']) await fixture.request(key);
    fixture.fail();
    expect([await fixture.request('a'), await fixture.request('c'), await fixture.request('b')]).toEqual([
      'ok',
      'ok',
      UNAVAILABLE,
    ]);
    expect(await fixture.metric('gateway_auth_cache_size')).toEqual({ l1: 2 });
  });

  it('in bytes', async () => {
    fixture = new AuthCacheFixture({ maxBytes: 100_000 });
    fixture.answer = () => Promise.resolve(serviceOf({ permissions: ['x'.repeat(40_000)] }));
    for (const key of ['a', 'b', 'c']) await fixture.request(key);
    expect(await fixture.metric('gateway_auth_cache_size')).toEqual({ l1: 2 });
    expect((await fixture.metric('gateway_auth_cache_bytes'))['']).toBeLessThan(100_000);
  });

  it.each([
    [60_000, true, 1],
    [1_100_000, false, 2],
  ])('%d bytes for one credential are told, and kept: %s', async (bytes, cached, asked) => {
    fixture.answer = () => Promise.resolve(serviceOf({ permissions: ['x'.repeat(bytes)] }));
    expect([await fixture.request(), await fixture.request()]).toEqual(['ok', 'ok']);
    expect(fixture.lines[0]).toMatchObject({ level: 'warn', msg: 'auth_cache_entry_oversized', cached });
    expect(fixture.asked).toBe(asked);
  });
});

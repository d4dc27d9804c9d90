import { beforeEach, describe, expect, it } from 'vitest';
import {
  AuthCacheWorld,
  HOUR,
  KEY,
  MINUTE,
  SECOND,
  serviceOf,
  UNAVAILABLE,
} from '../../../test/support/auth-cache-world.js';

let world: AuthCacheWorld;

beforeEach(() => {
  world = new AuthCacheWorld();
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
    expect(JSON.stringify(world.lines)).not.toContain(KEY);
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
    world = new AuthCacheWorld({ hardGraceMs: 0 });
    await world.request();
    world.fail();
    world.now += 55 * SECOND;
    expect(await world.request()).toBe('ok');
    world.now += 5 * SECOND;
    expect(await world.request()).toEqual(UNAVAILABLE);
  });

  it('a bump of nothing asks AuthService each time', async () => {
    world = new AuthCacheWorld({ softBumpMs: 0 });
    await world.request();
    world.fail();
    world.now += MINUTE;
    expect([await world.request(), await world.request()]).toEqual(['stale', 'stale']);
    expect(world.asked).toBe(3);
  });
});

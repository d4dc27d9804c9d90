import { beforeEach, describe, expect, it } from 'vitest';
import {
  AuthCacheFixture,
  HOUR,
  KEY,
  MINUTE,
  SECOND,
  serviceOf,
  UNAVAILABLE,
} from '../../../test/support/auth-cache-fixture.js';

let fixture: AuthCacheFixture;

beforeEach(() => {
  fixture = new AuthCacheFixture();
});

describe('while AuthService cannot be asked', () => {
  it('a warm credential works for ten minutes, and the ladder is logged in order', async () => {
    await fixture.request();
    fixture.fail();
    const outcomes = new Set<unknown>();
    for (let second = 60; second <= 600; second += 10) {
      fixture.now += 10 * SECOND;
      outcomes.add(await fixture.request());
    }
    expect(outcomes).toEqual(new Set(['ok', 'stale']));
    const round = ['warn auth_cache_refresh_transport_failure', 'info auth_cache_serve_stale'];
    expect(fixture.ladder()).toEqual([...round, ...round, ...round]);
    expect(fixture.asked).toBe(4);
  });

  it('a cold credential is an outage, not a bad credential', async () => {
    fixture.fail();
    expect(await fixture.request()).toEqual(UNAVAILABLE);
    expect(fixture.ladder()).toEqual([]);
  });

  it('a warm credential ends with the hard grace, loudly, and is an outage from then on', async () => {
    await fixture.request();
    fixture.fail();
    fixture.now += MINUTE + 6 * HOUR - 1;
    expect(await fixture.request()).toBe('stale');
    fixture.now += 1;
    expect(await fixture.request()).toEqual(UNAVAILABLE);
    expect(fixture.ladder().at(-1)).toBe('error auth_cache_hard_evict reason=hard_cap_exceeded_on_lookup');
    expect(await fixture.request()).toEqual(UNAVAILABLE);
    expect(await fixture.metric('gateway_auth_cache_hard_evictions_total')).toMatchObject({
      hard_cap_exceeded_on_lookup: 1,
      hard_cap_exceeded: 0,
    });
  });

  it('a credential that was not used for longer than the grace ends at the first failure', async () => {
    await fixture.request();
    fixture.fail();
    fixture.now += 7 * HOUR;
    expect(await fixture.request()).toEqual(UNAVAILABLE);
    expect(fixture.ladder()).toEqual(['error auth_cache_hard_evict reason=hard_cap_exceeded']);
  });

  it('a credential that was not used for longer than the grace is fine when AuthService answers', async () => {
    await fixture.request();
    fixture.now += 7 * HOUR;
    expect(await fixture.request()).toBe('ok');
    expect(fixture.ladder()).toEqual([]);
  });

  it('the grace shrinks to 15 minutes while the feed of revocations is down too', async () => {
    await fixture.request();
    fixture.fail();
    fixture.now += 2 * MINUTE;
    expect(await fixture.request()).toBe('stale');
    fixture.isFeedDown = true;
    fixture.now += 13 * MINUTE;
    expect(await fixture.request()).toBe('stale');
    fixture.now += MINUTE;
    expect(await fixture.request()).toEqual(UNAVAILABLE);
  });

  it('a credential never outlives its own end', async () => {
    fixture.answer = () => Promise.resolve(serviceOf({ expiresAt: (fixture.now + 10 * MINUTE) / SECOND }));
    await fixture.request();
    fixture.fail();
    fixture.now += 9 * MINUTE;
    expect(await fixture.request()).toBe('stale');
    fixture.now += MINUTE;
    expect(await fixture.request()).toEqual(UNAVAILABLE);
    expect(fixture.ladder().at(-1)).toBe('info auth_cache_hard_evict reason=credential_expired');
  });

  it('the lines carry their fields, in ms', async () => {
    await fixture.request();
    fixture.fail('DEADLINE_EXCEEDED');
    fixture.now += 3 * MINUTE;
    await fixture.request();
    const [failure, stale] = fixture.lines.filter(({ msg }) => String(msg).startsWith('auth_cache_'));
    const id = { vk_id: stale?.session_id_hash, session_id_hash: expect.stringMatching(/^[0-9a-f]{16}$/) as string };
    expect(failure).toMatchObject({
      ...id,
      error_class: 'deadline_exceeded',
      error: expect.stringContaining('auth') as string,
      new_soft_expires_at: new Date(fixture.now + 5 * MINUTE).toISOString(),
    });
    expect(stale).toMatchObject({
      ...id,
      stale_for: 2 * MINUTE,
      hard_grace_remaining: 6 * HOUR - 2 * MINUTE,
      hard_grace: 6 * HOUR,
      hard_grace_degraded: 15 * MINUTE,
      refresh_error_class: 'deadline_exceeded',
    });
    expect(JSON.stringify(fixture.lines)).not.toContain(KEY);
  });

  it('one flag tells the outage, and its end', async () => {
    await fixture.request();
    fixture.fail();
    fixture.now += 2 * MINUTE;
    await fixture.request();
    expect((await fixture.metric('gateway_degraded')).auth_cache).toBe(1);
    fixture.answer = () => Promise.resolve(serviceOf());
    fixture.now += 5 * MINUTE;
    expect(await fixture.request()).toBe('ok');
    expect((await fixture.metric('gateway_degraded')).auth_cache).toBe(0);
  });

  it('a grace of nothing serves nothing stale', async () => {
    fixture = new AuthCacheFixture({ hardGraceMs: 0 });
    await fixture.request();
    fixture.fail();
    fixture.now += 55 * SECOND;
    expect(await fixture.request()).toBe('ok');
    fixture.now += 5 * SECOND;
    expect(await fixture.request()).toEqual(UNAVAILABLE);
  });

  it('a bump of nothing asks AuthService each time', async () => {
    fixture = new AuthCacheFixture({ softBumpMs: 0 });
    await fixture.request();
    fixture.fail();
    fixture.now += MINUTE;
    expect([await fixture.request(), await fixture.request()]).toEqual(['stale', 'stale']);
    expect(fixture.asked).toBe(3);
  });
});

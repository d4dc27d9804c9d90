import { beforeEach, describe, expect, it } from 'vitest';
import {
  AuthCacheFixture,
  MINUTE,
  REJECTED,
  serviceOf,
  UNAUTHENTICATED,
} from '../../../test/support/auth-cache-fixture.js';

let fixture: AuthCacheFixture;

beforeEach(() => {
  fixture = new AuthCacheFixture();
});

describe('the brake', () => {
  it('tells once when most of the approved credentials are turned down, and evicts them all the same', async () => {
    const keys = Array.from({ length: 30 }, (_, index) => `sk-${index}`);
    for (const key of keys) await fixture.request(key);
    fixture.now += MINUTE;
    fixture.answer = REJECTED;
    for (const key of keys) expect(await fixture.request(key)).toEqual(UNAUTHENTICATED);
    const told = fixture.lines.filter(({ msg }) => String(msg).startsWith('auth_mass_rejection'));
    expect(told).toMatchObject([{ level: 'error', rejected: 10, checked: 10 }]);
    expect((await fixture.metric('gateway_auth_mass_rejections_total'))['']).toBe(1);
  });

  it('says nothing when a few of many are turned down', async () => {
    const keys = Array.from({ length: 50 }, (_, index) => `sk-${index}`);
    for (const key of keys) await fixture.request(key);
    fixture.now += MINUTE;
    fixture.answer = (value) => (Number(value.slice(3)) % 3 === 0 ? REJECTED() : Promise.resolve(serviceOf()));
    for (const key of keys) await fixture.request(key);
    expect((await fixture.metric('gateway_auth_mass_rejections_total'))['']).toBe(0);
  });
});

import { beforeEach, describe, expect, it } from 'vitest';
import {
  AuthCacheWorld,
  MINUTE,
  REJECTED,
  serviceOf,
  UNAUTHENTICATED,
} from '../../../test/support/auth-cache-world.js';

let world: AuthCacheWorld;

beforeEach(() => {
  world = new AuthCacheWorld();
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

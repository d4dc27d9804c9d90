import { beforeEach, describe, expect, it } from 'vitest';
import { AuthCacheWorld, MINUTE, REJECTED } from '../../../test/support/auth-cache-world.js';
import type { Principal } from '../../domain/principal.js';
import type { AuthCacheStore } from './auth-cache-store.js';

let world: AuthCacheWorld;

beforeEach(() => {
  world = new AuthCacheWorld();
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
    await new AuthCacheWorld({}, store).request();
    world = new AuthCacheWorld({}, store);
    world.fail();
    expect(await world.request()).toBe('ok');
    expect(world.asked).toBe(0);
    world = new AuthCacheWorld({}, store);
    world.fail();
    world.now += 5 * MINUTE;
    expect(await world.request()).toBe('stale');
  });

  it('goes with a rejection', async () => {
    const store = new SharedStore();
    world = new AuthCacheWorld({}, store);
    await world.request();
    world.now += MINUTE;
    world.answer = REJECTED;
    await world.request();
    expect(store.entries.size).toBe(0);
  });

  it('is not believed for longer than a verdict lasts', async () => {
    const store = new SharedStore();
    await new AuthCacheWorld({}, store).request();
    for (const [key, entry] of store.entries) store.entries.set(key, { ...entry, freshUntil: Number.MAX_VALUE });
    world = new AuthCacheWorld({}, store);
    await world.request();
    world.now += MINUTE;
    await world.request();
    expect(world.asked).toBe(1);
  });
});

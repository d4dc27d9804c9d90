import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { MemoryStore } from '../../src/sso/memory-store.js';
import { RedisStore } from '../../src/sso/redis-store.js';
import type { SessionStore } from '../../src/sso/session-store.js';
import { TestRedis } from '../support/redis.js';
import { connectTo, type RedisUser } from '../support/redis-user.js';

const HOUR = 3_600_000;

let server: TestRedis;
let user: RedisUser;
let now: number;

beforeAll(async () => {
  server = await TestRedis.start();
  user = await connectTo(server.url);
});
afterAll(async () => {
  user?.close();
  await server?.close();
});
beforeEach(async () => {
  now = 0;
  await server.client.flushall();
});

const STORES: readonly [string, () => SessionStore][] = [
  ['memory', () => new MemoryStore(() => now)],
  ['Redis', () => new RedisStore(user.redis)],
];

describe.each(STORES)('a session store in %s', (_name, open) => {
  let store: SessionStore;
  beforeEach(() => void (store = open()));

  it('gives what was written, until it is taken', async () => {
    await store.write('a', 'one', HOUR);
    expect(await store.read('a', HOUR)).toBe('one');
    expect(await store.take('a')).toBe('one');
    expect(await store.take('a')).toBeUndefined();
    expect(await store.read('a', HOUR)).toBeUndefined();
  });

  it('says which values are there, without prolonging them', async () => {
    await store.write('a', 'one', HOUR);
    await store.write('brief', 'two', 1);
    now += 2;
    await expect.poll(() => store.have(['a', 'gone', 'brief'])).toEqual([true, false, false]);
    const many = Array.from({ length: 250 }, (_, n) => (n === 249 ? 'a' : `absent-${n}`));
    expect((await store.have(many)).indexOf(true)).toBe(249);
  });

  it('changes what is there, and does not bring back what is gone', async () => {
    await store.write('a', 'one', HOUR);
    expect(await store.replace('a', 'two')).toBe(true);
    expect(await store.read('a', HOUR)).toBe('two');
    await store.take('a');
    expect(await store.replace('a', 'three')).toBe(false);
    expect(await store.read('a', HOUR)).toBeUndefined();
  });

  it('lets one of many have a claim, until that one gives it back', async () => {
    const winners = await Promise.all(['x', 'y', 'z'].map((holder) => store.claim('lock', holder, HOUR)));
    expect(winners.filter(Boolean)).toHaveLength(1);
    const holder = ['x', 'y', 'z'][winners.indexOf(true)] ?? '';
    await store.release('lock', 'somebody else');
    expect(await store.claim('lock', 'w', HOUR)).toBe(false);
    await store.release('lock', holder);
    expect(await store.claim('lock', 'w', HOUR)).toBe(true);
  });

  it('remembers the newest hundred members of a set, each once', async () => {
    for (const member of ['a', 'b', 'a']) await store.note('set', member, HOUR);
    expect((await store.noted('set')).toSorted()).toEqual(['a', 'b']);
    for (let i = 0; i < 150; i++) await store.note('big', `member-${String(i).padStart(3, '0')}`, HOUR);
    const kept = await store.noted('big');
    expect(kept).toHaveLength(100);
    expect(kept.toSorted()[0]).toBe('member-050');
  });
});

describe('what has its end', () => {
  it('in memory is gone then, unless it was read or changed in between', async () => {
    const store = new MemoryStore(() => now);
    await store.write('a', 'one', 100);
    await store.claim('lock', 'x', 100);
    now = 90;
    expect(await store.read('a', 100)).toBe('one');
    now = 150;
    expect(await store.claim('lock', 'y', 100)).toBe(true);
    expect(await store.replace('a', 'two')).toBe(true);
    now = 189;
    expect(await store.read('a', 1)).toBe('two');
    now = 190;
    expect(await store.read('a', 100)).toBeUndefined();
  });

  it('in Redis has it as the key’s own, which reading moves and changing does not', async () => {
    const store = new RedisStore(user.redis);
    await store.write('a', 'one', HOUR);
    await store.read('a', 2 * HOUR);
    await store.replace('a', 'two');
    expect(await server.client.pttl('session:a')).toBeGreaterThan(HOUR);
    await store.claim('lock', 'x', HOUR);
    await store.note('set', 'x', HOUR);
    for (const key of ['session:lock', 'session:set']) {
      const left = await server.client.pttl(key);
      expect(left).toBeGreaterThan(HOUR / 2);
      expect(left).toBeLessThanOrEqual(HOUR);
    }
  });

  it('in memory makes room when there are ten thousand others, the one unused for longest first', async () => {
    const store = new MemoryStore(() => now);
    for (let i = 0; i < 10_000; i++) await store.write(`session-${i}`, 'x', HOUR);
    await store.read('session-0', HOUR);
    await store.write('one more', 'x', HOUR);
    expect(await store.read('session-0', HOUR)).toBe('x');
    expect(await store.read('session-1', HOUR)).toBeUndefined();
    for (let i = 0; i < 20_000; i++) await store.claim(`claim-${i}`, 'x', HOUR);
    expect(await store.read('session-0', HOUR)).toBe('x');
  });
});

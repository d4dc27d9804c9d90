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

  it('remembers the newest thousand members of a set, each once, the oldest first', async () => {
    for (const member of ['a', 'b', 'a']) await store.note('set', member, HOUR);
    expect(await store.noted('set')).toEqual(['b', 'a']);
    for (let i = 0; i < 1050; i++) await store.note('big', `member-${i}`, HOUR);
    const kept = (await store.noted('big')) ?? [];
    expect(kept).toHaveLength(1000);
    expect([kept[0], kept.at(-1)]).toEqual(['member-50', 'member-1049']);
  });

  it('knows a set whose members were all forgotten from one that never was', async () => {
    expect(await store.noted('set')).toBeUndefined();
    await store.forget('set', 'a');
    expect(await store.noted('set')).toBeUndefined();
    await store.note('set', 'a', HOUR);
    await store.note('set', 'b', HOUR);
    await store.forget('set', 'a');
    expect(await store.noted('set')).toEqual(['b']);
    await store.forget('set', 'b');
    await store.forget('set', 'b');
    expect(await store.noted('set')).toEqual([]);
  });

  it('shows a value and how long it is kept, and keeps it no longer for that', async () => {
    expect(await store.peek('a')).toBeUndefined();
    await store.write('a', 'one', HOUR);
    for (let i = 0; i < 2; i++) {
      const { value, endsInMs = 0 } = (await store.peek('a')) ?? {};
      expect(value).toBe('one');
      expect(endsInMs).toBeGreaterThan(HOUR / 2);
      expect(endsInMs).toBeLessThanOrEqual(HOUR);
    }
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

  it('in memory is not moved by a look, nor by a wall clock that goes back and is right again', async () => {
    const store = new MemoryStore(() => now);
    now = HOUR;
    await store.write('looked at', 'one', 100);
    await store.write('used', 'one', 100);
    now = 0;
    expect((await store.peek('looked at'))?.endsInMs).toBe(100);
    expect(await store.read('used', 100)).toBe('one');
    now = HOUR + 99;
    expect((await store.peek('looked at'))?.endsInMs).toBe(1);
    expect(await store.read('used', 100)).toBe('one');
    now = HOUR + 100;
    expect(await store.peek('looked at')).toBeUndefined();
    expect((await store.peek('used'))?.endsInMs).toBe(99);
  });

  it('in Redis ends with its member, not with the newest one', async () => {
    const store = new RedisStore(user.redis);
    await store.note('set', 'old', HOUR);
    const aged = Number(await server.client.zscore('session:set', 'old')) - 3601;
    await server.client.zadd('session:set', aged, 'old');
    await store.note('set', 'new', HOUR);
    expect(await store.noted('set')).toEqual(['new']);
  });

  it('in memory makes room when there are ten thousand others, the one unused for longest first', async () => {
    const store = new MemoryStore(() => now);
    for (let i = 0; i < 10_000; i++) await store.write(`session-${i}`, 'x', HOUR);
    await store.read('session-0', HOUR);
    await store.write('one more', 'x', HOUR);
    expect(await store.read('session-0', HOUR)).toBe('x');
    expect(await store.read('session-1', HOUR)).toBeUndefined();
  });

  it.each([
    ['sign-ins that were completed', 'login'],
    ['logout tokens', 'logout'],
    ['tickets', 'ticket'],
  ])('in memory is not displaced by any number of %s', async (_what, kind) => {
    const store = new MemoryStore(() => now);
    await store.write('session', 'x', HOUR);
    await store.claim('lock:session', 'x', HOUR);
    await store.claim('other:one', 'x', HOUR);
    for (let i = 0; i < 20_000; i++) await store.claim(`${kind}:${i}`, 'x', HOUR);
    expect(await store.read('session', HOUR)).toBe('x');
    expect(await store.claim('lock:session', 'y', HOUR)).toBe(false);
    expect(await store.claim('other:one', 'y', HOUR)).toBe(false);
    expect(await store.have([`${kind}:9999`, `${kind}:10000`])).toEqual([false, true]);
  });

  it('in memory keeps the sets of live sessions, however many sign in later', async () => {
    const store = new MemoryStore(() => now);
    await store.write('live', 'x', HOUR);
    await store.note('set of the live one', 'live', HOUR);
    for (let i = 0; i < 40_000; i++) await store.note(`set-${i}`, `gone-${i}`, HOUR);
    expect(await store.noted('set of the live one')).toEqual(['live']);
    expect([await store.noted('set-0'), await store.noted('set-39999')]).toEqual([undefined, ['gone-39999']]);
  });
});

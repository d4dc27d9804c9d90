import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type AuthCacheStore, newEntry } from '../../src/access/auth-cache/cache-entry.js';
import { RedisAuthCacheStore } from '../../src/access/auth-cache/redis-auth-cache-store.js';
import { AeadCipher } from '../../src/redis/aead-cipher.js';
import { AuthCacheFixture, HOUR, MINUTE, REJECTED, serviceOf, UNAUTHENTICATED } from '../support/auth-cache-fixture.js';
import { TestRedis } from '../support/redis.js';
import { connectTo, type RedisUser } from '../support/redis-user.js';

const REJECTION = /^!\d{13}$/;

let server: TestRedis;
let users: RedisUser[];

beforeAll(async () => void (server = await TestRedis.start()));
afterAll(() => server?.close());
beforeEach(async () => {
  users = [];
  await server.client.flushall();
});
afterEach(() => {
  for (const user of users) user.close();
});

async function openStore(): Promise<AuthCacheStore> {
  const user = await connectTo(server.url);
  users.push(user);
  return new RedisAuthCacheStore(user.redis, new AeadCipher('auth-cache', ['a secret of some length']));
}

/** Another instance, as many minutes later. */
async function instance(minutes = 0): Promise<AuthCacheFixture> {
  const fixture = new AuthCacheFixture({}, await openStore());
  fixture.now += minutes * MINUTE;
  return fixture;
}

async function stored(): Promise<string> {
  const [name = ''] = await server.client.keys('auth:*');
  return name === '' ? '' : ((await server.client.get(name)) ?? '');
}

const untilShared = () => expect.poll(stored).toMatch(/^[^!]/);
const untilRejected = () => expect.poll(stored).toMatch(REJECTION);

describe('an approval', () => {
  it('spares a new instance the question, and carries it through an outage', async () => {
    await (await instance()).request();
    await untilShared();
    const fixture = await instance();
    fixture.fail();
    // A read has 5 ms, which a busy machine may miss; the next one finds it.
    await expect.poll(() => fixture.request()).toBe('ok');
    const later = await instance(5);
    later.fail();
    await expect.poll(() => later.request()).toBe('stale');
  });

  it('is not believed for longer than a verdict lasts', async () => {
    const store = await openStore();
    const fixture = new AuthCacheFixture({}, store);
    const shared = newEntry(serviceOf(), Number.MAX_SAFE_INTEGER, fixture.now);
    const boastful: AuthCacheStore = {
      ...store,
      get: async () => shared,
      set: async () => {},
      isRejected: async () => false,
    };
    const reader = new AuthCacheFixture({}, boastful);
    await reader.request();
    reader.now += MINUTE;
    await reader.request();
    expect(reader.asked).toBe(1);
  });

  it.each([[['user.read']], [[]], [undefined]])('keeps what it says of permissions: %j', async (permissions) => {
    const store = await openStore();
    const principal = serviceOf({ permissions });
    await store.set('key', newEntry(principal, 1, 0), HOUR);
    await expect.poll(() => store.get('key')).toEqual({ principal, freshUntil: 1 });
  });
});

describe('a credential that AuthService turns down', () => {
  const waysOfRedis: [string, () => unknown, () => unknown][] = [
    ['while Redis answers', () => undefined, () => undefined],
    ['while Redis is frozen', () => server.freeze(), () => server.thaw()],
  ];
  describe.each(waysOfRedis)('%s', (_when, before, after) => {
    const knowledge: [string, (heard: AuthCacheFixture) => Promise<unknown>][] = [
      ['that had approved it', (heard) => heard.request()],
      ['that did not know it', () => Promise.resolve()],
    ];
    it.each(knowledge)('to an instance %s stays out in all of them when AuthService is away', async (_which, learn) => {
      const [holder, heard] = [await instance(), await instance()];
      await holder.request();
      await untilShared();
      await learn(heard);
      for (const fixture of [holder, heard]) fixture.now += 2 * MINUTE;

      before();
      heard.answer = REJECTED;
      expect(await heard.request()).toEqual(UNAUTHENTICATED);
      after();
      await untilRejected();

      const fresh = await instance(2);
      for (const fixture of [holder, heard, fresh]) {
        fixture.fail();
        expect(await fixture.request()).toEqual(UNAUTHENTICATED);
        fixture.now += HOUR;
        expect(await fixture.request()).toEqual(UNAUTHENTICATED);
      }
    });
  });

  it('is told to Redis when it is back, though it was away for longer than the request', async () => {
    const holder = await instance();
    await holder.request();
    await untilShared();
    const heard = await instance(2);
    await server.kill();
    heard.answer = REJECTED;
    await expect.poll(() => heard.request()).toEqual(UNAUTHENTICATED);
    expect(await heard.metric('gateway_auth_cache_untold_rejections')).toEqual({ '': 1 });
    await server.restart();
    await untilRejected();
    await expect.poll(() => heard.metric('gateway_auth_cache_untold_rejections')).toEqual({ '': 0 });
  });

  it('works again when AuthService approves it again', async () => {
    const fixture = await instance();
    await fixture.request();
    fixture.now += MINUTE;
    fixture.answer = REJECTED;
    expect(await fixture.request()).toEqual(UNAUTHENTICATED);
    fixture.answer = () => Promise.resolve(serviceOf());
    expect(await fixture.request()).toBe('ok');
    fixture.fail();
    fixture.now += 2 * MINUTE;
    fixture.now -= MINUTE + 1;
    expect(await fixture.request()).toBe('ok');
  });
});

describe('a rejection in Redis', () => {
  const approve = (store: AuthCacheStore) => store.set('key', newEntry(serviceOf(), 1, 0), HOUR);
  const life = () => server.client.pttl('auth:key');

  it('is not overwritten by an approval that was under way', async () => {
    const store = await openStore();
    expect(await store.reject('key', HOUR)).toBe(true);
    await approve(store);
    expect(await stored()).toMatch(REJECTION);
    expect(await store.isRejected('key')).toBe(true);
  });

  it('gives way to an approval that came long after it', async () => {
    const store = await openStore();
    await server.client.set('auth:key', `!${Date.now() - 31_000}`, 'PX', HOUR);
    await approve(store);
    expect(await stored()).not.toMatch(REJECTION);
  });

  it('of a credential that was approved before is kept for the grace', async () => {
    const store = await openStore();
    await approve(store);
    await store.reject('key', 6 * HOUR);
    expect(await life()).toBeGreaterThan(5 * HOUR);
    await store.reject('key', 6 * HOUR);
    expect(await life()).toBeGreaterThan(5 * HOUR);
  });

  it('of one that nobody knows is gone after seconds, however often it comes', async () => {
    const store = await openStore();
    for (let time = 0; time < 3; time++) await store.reject('key', 6 * HOUR);
    expect(await life()).toBeLessThanOrEqual(30_000);
    expect(await life()).toBeGreaterThan(0);
  });
});

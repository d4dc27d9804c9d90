import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { FaultProxy } from '../../sandbox/faults/fault-proxy.js';
import { RevocationService } from '../../src/access/revocation/revocation-service.js';
import { RevocationSignals } from '../../src/access/revocation/revocation-signals.js';
import { FEED_KEY, TOKENS_KEY, VERSIONS_KEY } from '../../src/access/revocation/revocation-store.js';
import { principalOf } from '../support/principal.js';
import { TestRedis } from '../support/redis.js';
import { connectTo, type RedisUser } from '../support/redis-user.js';

interface Instance {
  readonly user: RedisUser;
  readonly revocation: RevocationService;
}

const LIFE_SECONDS = 900;

let server: TestRedis;
const instances: Instance[] = [];

beforeAll(async () => {
  server = await TestRedis.start();
});
afterAll(() => server.close());
beforeEach(async () => {
  await server.restart();
});
afterEach(() => {
  for (const { user, revocation } of instances.splice(0)) {
    revocation.beforeApplicationShutdown();
    user.close();
  }
});

async function start(env: Readonly<Record<string, string>> = {}): Promise<Instance> {
  const user = await connectTo(env.REDIS_URL ?? server.url, env);
  const signals = new RevocationSignals(user.flags, user.metrics.revocation, user.logger);
  const revocation = new RevocationService(user.config.revocation, signals, user.redis);
  revocation.onApplicationBootstrap();
  const instance = { user, revocation };
  instances.push(instance);
  return instance;
}

async function startReady(env: Readonly<Record<string, string>> = {}): Promise<Instance> {
  const instance = await start(env);
  await expect.poll(() => instance.revocation.ready).toBe(true);
  return instance;
}

const end = () => Math.floor(Date.now() / 1000) + LIFE_SECONDS;
const verdictOn = ({ revocation }: Instance, tokenId: string) => revocation.verdict(principalOf({ tokenId }));
const lookUp = ({ revocation }: Instance, tokenId: string) => revocation.lookUp(principalOf({ tokenId }));
const metric = async ({ user }: Instance, name: string, labels: Readonly<Record<string, string>> = {}) => {
  const found = await user.metrics.registry.getSingleMetric(name)?.get();
  return found?.values.find((value) => Object.entries(labels).every(([key, text]) => value.labels[key] === text))
    ?.value;
};

describe('a token that was revoked', () => {
  it('in one instance is revoked in another, and in one that starts later', async () => {
    const [one, two] = [await startReady(), await startReady()];
    await one.revocation.revoke('a', end());
    expect(verdictOn(one, 'a')).toBe('TOKEN_REVOKED');
    await expect.poll(() => verdictOn(two, 'a')).toBe('TOKEN_REVOKED');
    expect(verdictOn(two, 'b')).toBeUndefined();
    expect(verdictOn(await startReady(), 'a')).toBe('TOKEN_REVOKED');
    expect(await metric(two, 'gateway_revocation_entries', { kind: 'token' })).toBe(1);
    expect(await metric(one, 'gateway_revocations_published_total', { outcome: 'published' })).toBe(1);
  });

  it('by AuthService, as documented, is revoked everywhere', async () => {
    const instance = await startReady();
    const exp = end();
    await server.client.multi().zadd(TOKENS_KEY, exp, 'a').xadd(FEED_KEY, '*', 'jti', 'a', 'exp', exp).exec();
    await expect.poll(() => verdictOn(instance, 'a')).toBe('TOKEN_REVOKED');
    const { values } = await instance.user.metrics.revocation.propagation.get();
    expect(values.find(({ metricName }) => metricName?.endsWith('_count'))?.value).toBe(1);
  });

  it('without a name of its own cannot be revoked, and takes no other with it', async () => {
    const instance = await startReady();
    await instance.revocation.revoke('', end());
    expect(verdictOn(instance, '')).toBeUndefined();
  });

  it('next to a record that nobody can read is revoked all the same', async () => {
    const instance = await startReady();
    await server.client.xadd(FEED_KEY, '*', 'nonsense', 'x');
    await server.client.xadd(FEED_KEY, '*', 'jti', 'a', 'exp', end());
    await expect.poll(() => verdictOn(instance, 'a')).toBe('TOKEN_REVOKED');
    expect(await metric(instance, 'gateway_revocation_unreadable_total')).toBe(1);
    expect(instance.user.told).toEqual([]);
  });
});

describe('an outage of Redis', () => {
  it('is told once; memory decides, and what was missed is read afterwards', async () => {
    const way = await FaultProxy.start({ host: '127.0.0.1', port: 0, targetPort: server.port, random: Math.random });
    const [instance, other] = [await startReady({ REDIS_URL: `redis://127.0.0.1:${way.port}` }), await startReady()];
    await instance.revocation.revoke('a', end());
    await way.set({ mode: 'down' });
    await expect.poll(() => instance.revocation.degraded).toBe(true);
    const told = () => instance.user.told.filter((text) => text.startsWith('revocation stream'));
    await expect.poll(told).toEqual(['revocation stream degraded']);
    expect(verdictOn(instance, 'a')).toBe('TOKEN_REVOKED');
    expect(instance.revocation.ready).toBe(true);
    await other.revocation.revoke('missed', end());
    await way.set({ mode: 'none' });
    await expect.poll(() => verdictOn(instance, 'missed')).toBe('TOKEN_REVOKED');
    await expect.poll(() => instance.revocation.degraded).toBe(false);
    await expect.poll(told).toEqual(['revocation stream degraded', 'revocation stream recovered']);
    await way.close();
  });

  it('that freezes it is noticed too', async () => {
    const instance = await startReady();
    server.freeze();
    await expect.poll(() => instance.revocation.degraded).toBe(true);
    server.thaw();
    await expect.poll(() => instance.revocation.degraded).toBe(false);
  });

  it('does not lose a token that was revoked meanwhile: others learn of it afterwards', async () => {
    const [one, two] = [await startReady(), await startReady()];
    await server.kill();
    await one.revocation.revoke('a', end());
    expect(verdictOn(one, 'a')).toBe('TOKEN_REVOKED');
    expect(await metric(one, 'gateway_revocations_published_total', { outcome: 'deferred' })).toBe(1);
    await server.restart();
    await expect.poll(() => verdictOn(two, 'a')).toBe('TOKEN_REVOKED');
    expect(one.user.lines.join('')).not.toContain('revocation_store_truncated');
  });

  it('at the start keeps an instance unready, and says why', async () => {
    await server.kill();
    const instance = await start();
    await expect.poll(() => instance.user.told).toContain('revocation not_initialized degraded');
    expect(instance.revocation.ready).toBe(false);
    await server.restart();
    await expect.poll(() => instance.revocation.ready).toBe(true);
    await expect.poll(() => instance.user.told).toContain('revocation not_initialized recovered');
    expect(instance.user.told.filter((text) => text.startsWith('revocation stream'))).toEqual([]);
  });
});

describe('a store that somebody empties', () => {
  it('revives no token, is told, and gets back what it lost', async () => {
    const instance = await startReady();
    await instance.revocation.revoke('a', end());
    await server.client.flushall();
    await expect.poll(() => server.client.zcard(TOKENS_KEY)).toBe(1);
    expect(verdictOn(instance, 'a')).toBe('TOKEN_REVOKED');
    expect(await metric(instance, 'gateway_revocation_store_truncated_total')).toBe(1);
    expect(instance.user.lines.join('')).toContain('revocation_store_truncated lost=1 stored=0');
    await expect.poll(() => instance.user.told).toContain('revocation store_truncated degraded');
    expect(verdictOn(await startReady(), 'a')).toBe('TOKEN_REVOKED');
  });

  it('by starting it anew is the same', async () => {
    const instance = await startReady();
    await instance.revocation.revoke('a', end());
    await server.restart();
    await expect.poll(() => server.client.zcard(TOKENS_KEY)).toBe(1);
    expect(verdictOn(instance, 'a')).toBe('TOKEN_REVOKED');
  });
});

describe('more revoked tokens than memory may hold', () => {
  const LIMIT = { GATEWAY_REVOCATION_MAX: '100' };

  async function fill(count: number): Promise<void> {
    const members = Array.from({ length: count }, (_, index) => [end(), `t${index}`]).flat();
    await server.client.zadd(TOKENS_KEY, ...members);
  }

  it('are looked up in Redis one by one, which is told once', async () => {
    await fill(250);
    const instance = await startReady(LIMIT);
    expect(instance.revocation.partial).toBe(true);
    expect(instance.user.told).toEqual(['revocation overflow degraded']);
    const tokens = Array.from({ length: 250 }, (_, index) => `t${index}`);
    const unknown = tokens.filter((token) => verdictOn(instance, token) === undefined);
    expect(unknown.length).toBeGreaterThanOrEqual(150);
    await expect.poll(() => lookUp(instance, unknown[0] ?? '')).toBe('TOKEN_REVOKED');
    await expect.poll(() => lookUp(instance, 'innocent')).toBeUndefined();
    expect(await metric(instance, 'gateway_revocation_lookups_total', { outcome: 'revoked' })).toBeGreaterThan(0);
  });

  it('that Redis cannot tell of are let in, and counted', async () => {
    await fill(250);
    const instance = await startReady(LIMIT);
    server.freeze();
    expect(await lookUp(instance, 't0')).toBeUndefined();
    expect(await metric(instance, 'gateway_revocation_lookups_total', { outcome: 'unavailable' })).toBe(1);
    server.thaw();
  });

  it('are remembered in full again when they have become fewer', async () => {
    // Long enough for an instance to start in, on a busy machine too.
    const soon = Math.ceil(Date.now() / 1000) + 6;
    await server.client.zadd(TOKENS_KEY, ...Array.from({ length: 200 }, (_, index) => [soon, `s${index}`]).flat());
    await fill(20);
    const env = { GATEWAY_REVOCATION_RESYNC_INTERVAL: '1s', GATEWAY_JWT_CLOCK_TOLERANCE: '0s' };
    const instance = await startReady({ ...LIMIT, ...env });
    expect(instance.revocation.partial).toBe(true);
    await expect.poll(() => instance.revocation.partial).toBe(false);
    const unknown = Array.from({ length: 20 }, (_, index) => `t${index}`).filter((id) => !verdictOn(instance, id));
    expect(unknown).toEqual([]);
    await expect
      .poll(() => instance.user.told)
      .toEqual(['revocation overflow degraded', 'revocation overflow recovered']);
  });
});

describe('a least token version', () => {
  const stale = ({ revocation }: Instance, tokenVersion: number) =>
    revocation.verdict(principalOf({ subject: 'bot', tokenVersion }));

  it('is read at the start, followed, and kept while Redis is away', async () => {
    await server.client.hset(VERSIONS_KEY, 'subject:bot', 2);
    const instance = await startReady();
    expect([stale(instance, 1), stale(instance, 2)]).toEqual(['TOKEN_VERSION_STALE', undefined]);
    await server.client.xadd(FEED_KEY, '*', 'owner', 'tenant', 'id', 'acme', 'min_version', '3');
    await expect.poll(() => stale(instance, 2)).toBe('TOKEN_VERSION_STALE');
    await server.kill();
    await expect.poll(() => instance.revocation.degraded).toBe(true);
    expect([stale(instance, 2), stale(instance, 3)]).toEqual(['TOKEN_VERSION_STALE', undefined]);
    await server.restart();
    await expect.poll(() => server.client.hgetall(VERSIONS_KEY)).toEqual({ 'subject:bot': '2', 'tenant:acme': '3' });
  });

  it('that cannot be read keeps the last one and leaves tokens alone', async () => {
    await server.client.set(VERSIONS_KEY, 'no hash');
    const instance = await startReady();
    expect(instance.user.told).toEqual(['revocation versions degraded']);
    await instance.revocation.revoke('a', end());
    expect(await server.client.zcard(TOKENS_KEY)).toBe(1);
  });
});

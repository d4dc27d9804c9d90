import { setImmediate } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { RateLimitConfig } from '../../src/config/schema/rate-limit-settings.js';
import { CallContext } from '../../src/domain/call-context.js';
import { type Policy, policyOf, type RatePolicy } from '../../src/domain/policy.js';
import type { RateLimitVerdict } from '../../src/domain/rate-limit.js';
import { NO_TRACE } from '../../src/domain/trace-context.js';
import { PlanLimits } from '../../src/traffic/limits/plan-limits.js';
import { RateLimiter } from '../../src/traffic/limits/rate-limiter.js';
import { SharedBuckets } from '../../src/traffic/limits/shared-buckets.js';
import { principalOf } from '../support/principal.js';
import { connectTo, type RedisUser } from '../support/redis-user.js';
import { TestRedis } from '../support/redis.js';

/** Slow to refill, so that a test may take its time. */
const RATE: RatePolicy = { maxRate: 60, capacity: 60, everyMs: 3_600_000 };
const REPLICAS = 3;

/** One of several instances, with a clock that a test may set forward. */
interface Instance {
  readonly user: RedisUser;
  clockMs: number;
  send(tenant?: string, policy?: Partial<Policy>): Promise<RateLimitVerdict>;
  errors(): Promise<number>;
}

let server: TestRedis;
const instances: Instance[] = [];

beforeAll(async () => {
  server = await TestRedis.start();
});
afterAll(() => server.close());
beforeEach(() => server.restart());
afterEach(() => {
  for (const { user } of instances.splice(0)) user.close();
});

async function start(changes: Partial<RateLimitConfig> = {}): Promise<Instance> {
  const user = await connectTo(server.url);
  const config = { ...user.config.rateLimit, tenant: RATE, replicas: REPLICAS, storeTimeoutMs: 200, ...changes };
  const { rateLimits: metrics } = user.metrics;
  const now = () => performance.now() + instance.clockMs;
  const onFailure = () => metrics.countStoreError('redis');
  const { storeTimeoutMs: timeoutMs, replicas } = config;
  const shared = new SharedBuckets({ redis: user.redis, timeoutMs, replicas, now, onFailure });
  const plans = new PlanLimits({ known: () => undefined }, config);
  const limiter = new RateLimiter({ config, plans, metrics, shared, now, random: () => 0 });
  const instance: Instance = {
    user,
    clockMs: 0,
    async send(tenantId = 'acme', policy = {}) {
      const call = new CallContext('request', NO_TRACE, 0, 1000);
      call.principal = principalOf({ tenantId });
      call.policy = policyOf('AUTHENTICATED', policy);
      await limiter.check(call, { clientAddress: '203.0.113.7' });
      if (call.rateLimit === undefined) throw new Error('no limit was asked');
      return call.rateLimit;
    },
    async errors() {
      const found = await user.metrics.registry.getSingleMetric('rate_limit_store_errors_total')?.get();
      return found?.values[0]?.value ?? 0;
    },
  };
  instances.push(instance);
  return instance;
}

const startThree = () => Promise.all([start(), start(), start()]);

/** Requests to one instance after the other; how many of them had each outcome. */
async function sendAround(targets: readonly Instance[], times: number, tenant?: string) {
  const outcomes: Record<string, number> = {};
  for (let n = 0; n < times; n++) {
    const verdict = await targets[n % targets.length]?.send(tenant);
    const key = `${verdict?.store} ${verdict?.outcome}`;
    outcomes[key] = (outcomes[key] ?? 0) + 1;
  }
  return outcomes;
}

describe('instances that share Redis', () => {
  it('admit together what one of them would, and leave other tenants alone', async () => {
    const three = await startThree();
    expect(await sendAround(three, 200)).toEqual({ 'global allowed': 60, 'global denied': 140 });
    expect(await sendAround(three, 30, 'globex')).toEqual({ 'global allowed': 30 });
  });

  it('do so when all requests come at once', async () => {
    const three = await startThree();
    const ofEach = (instance: Instance) => Array.from({ length: 100 }, () => instance.send());
    const verdicts = await Promise.all(three.flatMap(ofEach));
    expect(verdicts.filter(({ outcome }) => outcome === 'allowed')).toHaveLength(60);
  });

  it('do so whatever their clocks say', async () => {
    const three = await startThree();
    const [first, second] = three;
    first!.clockMs = 300_000;
    await sendAround(three, 30);
    second!.clockMs = 3_600_000;
    expect(await sendAround(three, 100)).toEqual({ 'global allowed': 30, 'global denied': 70 });
    first!.clockMs += 86_400_000;
    expect(await sendAround(three, 30)).toEqual({ 'global denied': 30 });
  });

  it('do not ask Redis for each request of a tenant that is far from its limit', async () => {
    const busy: RatePolicy = { maxRate: 100_000, capacity: 100_000, everyMs: 1000 };
    const instance = await start({ tenant: busy, replicas: 1 });
    await instance.send();
    await server.client.config('RESETSTAT');
    expect(await sendAround([instance], 2000)).toEqual({ 'global allowed': 2000 });
    const calls = /cmdstat_evalsha:calls=(\d+)/.exec(await server.client.info('commandstats'))?.[1];
    expect(Number(calls ?? 0)).toBeLessThan(100);
  });

  it('that hold tokens ahead admit within a tenth of the limit all the same', async () => {
    const busy: RatePolicy = { maxRate: 3000, capacity: 3000, everyMs: 1000 };
    const three = await Promise.all([1, 2, 3].map(() => start({ tenant: busy })));
    const begun = performance.now();
    const press = async (instance: Instance): Promise<number> => {
      let admitted = 0;
      while (performance.now() - begun < 1_000) {
        const { store, outcome } = await instance.send();
        expect(store).toBe('global');
        if (outcome === 'allowed') admitted += 1;
        else await setImmediate();
      }
      return admitted;
    };
    const admitted = (await Promise.all(three.map(press))).reduce((sum, each) => sum + each, 0);
    const limit = 3000 + 3 * (performance.now() - begun);
    expect(admitted).toBeGreaterThanOrEqual(0.9 * limit);
    expect(admitted).toBeLessThanOrEqual(1.1 * limit);
  });

  it('know when a denied tenant may come back without asking again', async () => {
    const instance = await start();
    await sendAround([instance], 70);
    await server.client.config('RESETSTAT');
    expect(await sendAround([instance], 100)).toEqual({ 'global denied': 100 });
    expect(await server.client.info('commandstats')).not.toContain('cmdstat_eval');
    const [bucket] = (await instance.send()).buckets;
    expect(bucket).toMatchObject({ scope: 'tenant', capacity: 60, remaining: 0 });
    expect(bucket?.waitMs).toBeGreaterThan(30_000);
    expect(bucket?.waitMs).toBeLessThanOrEqual(60_000);
  });

  it('take from no bucket when another one denies', async () => {
    const instance = await start();
    const route = { rates: [{ maxRate: 1, capacity: 2, everyMs: 3_600_000 }] };
    const verdicts = [];
    for (let n = 0; n < 20; n++) verdicts.push(await instance.send('acme', route));
    expect(verdicts.filter(({ outcome }) => outcome === 'allowed')).toHaveLength(2);
    expect(await sendAround([instance], 100)).toMatchObject({ 'global allowed': 58 });
  });

  it('take as many tokens as a call costs', async () => {
    const instance = await start();
    const verdicts = [];
    for (let n = 0; n < 10; n++) verdicts.push(await instance.send('acme', { cost: 10 }));
    expect(verdicts.filter(({ outcome }) => outcome === 'allowed')).toHaveLength(6);
  });

  it('keep each bucket under its own key, which ends when the bucket is full', async () => {
    const instance = await start({ tenant: { maxRate: 1, capacity: 10, everyMs: 1000 } });
    await instance.send('acme');
    await instance.send('globex');
    expect((await server.client.keys('limit:*')).toSorted()).toEqual(['limit:tenant:acme', 'limit:tenant:globex']);
    expect(await server.client.pttl('limit:tenant:acme')).toBeLessThanOrEqual(1001);
  });
});

describe('an instance whose Redis', () => {
  it('is killed grants its share, goes on counting, and counts with the others again once it is back', async () => {
    const [instance] = await startThree();
    if (instance === undefined) throw new Error('no instance');
    await sendAround([instance], 6);
    await server.kill();
    expect(await sendAround([instance], 100)).toEqual({ 'local fail_open': 14, 'local denied': 86 });
    await server.restart();
    await expect.poll(async () => (await instance.send('another')).store).toBe('global');
    expect(await sendAround([instance], 100)).toEqual({ 'global allowed': 60, 'global denied': 40 });
  });

  it('freezes lets those wait who ask at that moment, and nobody after them', async () => {
    const instance = await start({ storeTimeoutMs: 50 });
    await instance.send();
    server.freeze();
    const first = await Promise.all([instance.send('a'), instance.send('b')]);
    expect(first.map(({ store, outcome }) => `${store} ${outcome}`)).toEqual(['local fail_open', 'local fail_open']);
    const errors = await instance.errors();
    expect(errors).toBeGreaterThan(0);
    expect(await sendAround([instance], 100, 'c')).toEqual({ 'local fail_open': 20, 'local denied': 80 });
    expect(await instance.errors()).toBe(errors);
    server.thaw();
    await expect.poll(async () => (await instance.send('d')).store).toBe('global');
  });

  it('has become a replica decides alone until it is none', async () => {
    const instance = await start();
    await instance.send();
    await server.client.replicaof('127.0.0.1', '1');
    expect(await sendAround([instance], 3)).toEqual({ 'local fail_open': 3 });
    await server.client.replicaof('NO', 'ONE');
    await expect.poll(async () => (await instance.send()).store).toBe('global');
  });

  it('has no memory left or holds nonsense decides alone', async () => {
    const instance = await start();
    await server.client.set('limit:tenant:acme', 'nonsense');
    expect(await sendAround([instance], 1)).toEqual({ 'global allowed': 1 });
    await server.client.del('limit:tenant:globex');
    await server.client.lpush('limit:tenant:globex', 'a list');
    expect((await instance.send('globex')).store).toBe('local');
    await server.client.config('SET', 'maxmemory', '1');
    await expect.poll(async () => (await instance.send('initech')).outcome).toBe('fail_open');
  });

  it('was not there when it started grants its share', async () => {
    await server.kill();
    const instance = await start();
    expect(await sendAround([instance], 30)).toEqual({ 'local fail_open': 20, 'local denied': 10 });
  });
});

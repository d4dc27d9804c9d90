import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { API_KEYS } from '../../sandbox/auth/credentials.js';
import { lastRequest, startTestGateway, type TestGateway } from '../support/gateway.js';
import { expectFetchProblem } from '../support/problem.js';
import { TestRedis } from '../support/redis.js';
import { untilPasses } from '../support/until.js';

const MINUTE = 60_000;
const KEY = 'a secret for the cache, of 32 bytes or more';

let gateway: TestGateway;

afterEach(async () => {
  vi.useRealTimers();
  await gateway.close();
});

const get = (key: string) => fetch(`${gateway.url}/api/v1/users`, { headers: { 'x-api-key': key } });

/** Only the calendar moves: sockets and timers go on as ever. */
function pass(ms: number): void {
  vi.setSystemTime(Date.now() + ms);
}

function ladder(): string[] {
  return gateway.lines.map(({ msg }) => String(msg)).filter((msg) => msg.startsWith('auth_cache_'));
}

describe('AuthService is killed for ten minutes', () => {
  beforeEach(async () => {
    gateway = await startTestGateway();
    vi.useFakeTimers({ toFake: ['Date'] });
    await (await get(API_KEYS.acme)).arrayBuffer();
    await gateway.sandbox.setFault('auth', { mode: 'down' });
  });

  it('warm API keys work, cold ones are told to come back, and nobody is signed out', async () => {
    for (let minute = 1; minute <= 10; minute++) {
      pass(MINUTE);
      expect((await get(API_KEYS.acme)).status).toBe(200);
    }
    expect(lastRequest(gateway)).toMatchObject({ decision_reason: 'STALE_SESSION_SERVED', auth_cache_stale: true });
    expect(ladder().slice(0, 2)).toEqual(['auth_cache_refresh_transport_failure', 'auth_cache_serve_stale']);
    expect(ladder().some((msg) => msg.includes('hard_evict'))).toBe(false);

    const cold = await get(API_KEYS.globex);
    expect(Number(cold.headers.get('retry-after'))).toBeGreaterThan(0);
    await expectFetchProblem(cold, 'AUTH_UNAVAILABLE');
    expect(lastRequest(gateway)).toMatchObject({
      decision_reason: 'AUTH_UPSTREAM_UNAVAILABLE',
      logType: 'AUTH_UNAVAILABLE',
      outcome: 'error',
    });

    const metrics = await (await fetch(`${gateway.url}/metrics`)).text();
    expect(metrics).toMatch(/^gateway_auth_cache_stale_served_total [1-9]/m);
    expect(metrics).toMatch(/^gateway_degraded\{component="auth_cache"\} 1$/m);
  });

  it('past the grace even warm ones are told so, and never 401', async () => {
    pass(2 * MINUTE);
    expect((await get(API_KEYS.acme)).status).toBe(200);
    pass(6 * 60 * MINUTE);
    await expectFetchProblem(await get(API_KEYS.acme), 'AUTH_UNAVAILABLE');
    expect(ladder().at(-1)).toMatch(/^auth_cache_hard_evict reason=hard_cap_exceeded/);
  });

  it('what AuthService turns down on its return is out at once', async () => {
    pass(2 * MINUTE);
    expect((await get('sk-nobody')).status).toBe(503);
    await gateway.sandbox.setFault('auth', { mode: 'none' });
    await untilPasses(async () => expect((await get('sk-nobody')).status).toBe(401), { interval: 50 });
  });
});

describe('with Redis and a key', () => {
  let redis: TestRedis;

  beforeEach(async () => {
    redis = await TestRedis.start();
  });
  afterEach(() => redis.close());

  const env = () => ({ REDIS_URL: redis.url, GATEWAY_CACHE_KEY: KEY, GATEWAY_REDIS_COMMAND_TIMEOUT: '500ms' });
  const stored = () => redis.client.keys('auth:*');

  it('a new instance knows warm keys while AuthService is away, and nobody can read them in Redis', async () => {
    gateway = await startTestGateway({ env: env() });
    expect((await get(API_KEYS.acme)).status).toBe(200);
    await untilPasses(async () => expect(await stored()).toHaveLength(1));
    const [name = ''] = await stored();
    expect(name + (await redis.client.get(name))).not.toMatch(/sk-sandbox|service-acme|user\.read/);
    expect(await redis.client.pttl(name)).toBeGreaterThan(30_000);

    const { sandbox } = gateway;
    await sandbox.setFault('auth', { mode: 'down' });
    await gateway.gateway.drain();
    gateway = await startTestGateway({ env: env(), sandbox });
    // A read has 5 ms, which a busy machine may miss; the next one finds it.
    await untilPasses(async () => expect((await get(API_KEYS.acme)).status).toBe(200), {
      interval: 50,
    });
  });

  it('what cannot be read is deleted, and the credential is asked about', async () => {
    gateway = await startTestGateway({ env: env() });
    expect((await get(API_KEYS.acme)).status).toBe(200);
    await untilPasses(async () => expect(await stored()).toHaveLength(1));
    const [name = ''] = await stored();
    const { sandbox } = gateway;
    await gateway.gateway.drain();
    await redis.client.set(name, Buffer.from('{"principal":{"subject":"root"}}').toString('base64'));
    await sandbox.setFault('auth', { mode: 'down' });
    gateway = await startTestGateway({ env: env(), sandbox });
    await untilPasses(
      async () => {
        expect((await get(API_KEYS.acme)).status).toBe(503);
        expect(await stored()).toEqual([]);
      },
      { interval: 50 },
    );
    await sandbox.setFault('auth', { mode: 'none' });
    await untilPasses(async () => expect((await get(API_KEYS.acme)).status).toBe(200), {
      interval: 50,
    });
  });

  it('keys work when Redis is gone', async () => {
    gateway = await startTestGateway({ env: env() });
    await redis.kill();
    expect((await get(API_KEYS.globex)).status).toBe(200);
  });
});

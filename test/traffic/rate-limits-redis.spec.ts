import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startSandbox, type SandboxEnvironment } from '../../sandbox/environment.js';
import { Client } from '../support/client.js';
import { startTestGateway, type TestGateway } from '../support/gateway.js';
import { countStatuses, readRateLimit } from '../support/rate-limits.js';
import { TestRedis } from '../support/redis.js';

const USER = '/api/v1/users/acme-alice';

let sandbox: SandboxEnvironment;
let redis: TestRedis;
const gateways: TestGateway[] = [];

beforeAll(async () => {
  [sandbox, redis] = await Promise.all([startSandbox({ faultServer: false, idp: false }), TestRedis.start()]);
});
afterAll(() => Promise.all([sandbox.close(), redis.close()]));
beforeEach(() => redis.restart());
afterEach(async () => {
  redis.thaw();
  await Promise.all(gateways.splice(0).map((each) => each.gateway.drain()));
});

/** Gateways on one Redis. Its time limits leave room for a busy machine. */
async function start(count: number, env: Readonly<Record<string, string>>): Promise<TestGateway[]> {
  const all = {
    REDIS_URL: redis.url,
    GATEWAY_REPLICAS: '3',
    GATEWAY_REDIS_COMMAND_TIMEOUT: '500ms',
    GATEWAY_RATE_LIMIT_STORE_TIMEOUT: '400ms',
    ...env,
  };
  const started = await Promise.all(Array.from({ length: count }, () => startTestGateway({ sandbox, env: all })));
  gateways.push(...started);
  return started;
}

const callers = (user: string) => Promise.all(gateways.map((each) => Client.of(each, user)));

/** Sends requests concurrently for a duration. Returns the number of responses by status. */
async function press(clients: readonly Client[], path: string, ms: number) {
  const begun = performance.now();
  const press = async (client: Client): Promise<Response[]> => {
    const responses: Response[] = [];
    while (performance.now() - begun < ms) {
      const response = await client.get(path);
      await response.arrayBuffer();
      responses.push(response);
    }
    return responses;
  };
  const responses = (await Promise.all([...clients, ...clients].map(press))).flat();
  return { responses, statuses: countStatuses(responses), seconds: (performance.now() - begun) / 1000 };
}

describe('three gateways on one Redis', () => {
  it('admit a tenant within a tenth of its limit, and another tenant without a 429', async () => {
    await start(3, { RATE_LIMIT_RPS: '30', RATE_LIMIT_BURST: '30' });
    const [alice, carol] = await Promise.all([callers('alice@acme.test'), callers('carol@globex.test')]);
    const others: Promise<Response>[] = [];
    const timer = setInterval(() => others.push(carol[others.length % 3]!.get('/api/v1/users')), 50);
    const { responses, statuses, seconds } = await press(alice, USER, 2_000);
    clearInterval(timer);
    const limit = 30 + 30 * seconds;
    expect(responses.length).toBeGreaterThan(1.5 * limit);
    expect(Object.keys(statuses)).toEqual(['200', '429']);
    expect(statuses[200]).toBeGreaterThanOrEqual(0.9 * limit);
    expect(statuses[200]).toBeLessThanOrEqual(1.1 * limit);
    expect(Object.keys(countStatuses(await Promise.all(others)))).toEqual(['200']);
    for (const response of responses) expect(readRateLimit(response)).toMatchObject({ scope: 'global' });
  });
});

describe('a gateway whose Redis', () => {
  const rates = { RATE_LIMIT_RPS: '3', RATE_LIMIT_BURST: '90' };

  /** Sends to one gateway, and asserts that nothing but 200 and 429 comes of it. */
  async function send(client: Client, times: number) {
    const responses: Response[] = [];
    for (let n = 0; n < times; n++) responses.push(await client.get(USER));
    for (const { status } of responses) expect([200, 429]).toContain(status);
    return { scopes: responses.map((response) => readRateLimit(response).scope), statuses: countStatuses(responses) };
  }

  it('is killed goes on with its share, says so, and counts with the others once it is back', async () => {
    const [gateway] = await start(1, rates);
    const [alice] = await callers('alice@acme.test');
    expect((await send(alice!, 5)).scopes).toEqual(Array(5).fill('global'));
    await redis.kill();
    const { scopes, statuses } = await send(alice!, 100);
    expect(new Set(scopes)).toEqual(new Set(['local']));
    expect(statuses[200]).toBeLessThan(60);
    expect(statuses[429]).toBeGreaterThan(0);
    expect(gateway!.lines.some((line) => line.ratelimit_outcome === 'fail_open')).toBe(true);
    const metrics = await (await fetch(`${gateway!.url}/metrics`)).text();
    expect(metrics).toMatch(/rate_limit_requests_total\{scope="tenant",outcome="fail_open"\} [1-9]/);
    await redis.restart();
    await expect.poll(async () => (await send(alice!, 1)).scopes[0]).toBe('global');
  });

  it('freezes in the middle answers all the same, and waits for it no more than once', async () => {
    await start(1, { ...rates, GATEWAY_RATE_LIMIT_STORE_TIMEOUT: '100ms' });
    const [alice] = await callers('alice@acme.test');
    await send(alice!, 1);
    redis.freeze();
    const { scopes, statuses } = await send(alice!, 40);
    expect(new Set(scopes.slice(2))).toEqual(new Set(['local']));
    expect(statuses[429]).toBeGreaterThan(0);
    const waited = gateways[0]!.lines.filter((line) => Number(line.ratelimit_ms) >= 90);
    expect(waited.length).toBeLessThanOrEqual(1);
    redis.thaw();
    await expect.poll(async () => (await send(alice!, 1)).scopes[0]).toBe('global');
  });
});

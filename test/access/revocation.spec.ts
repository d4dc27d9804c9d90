import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startSandbox } from '../../sandbox/environment.js';
import { TOKENS_KEY, VERSIONS_KEY } from '../../src/access/revocation/revocation-store.js';
import { listenForAlerts, type AlertListener } from '../support/alert-listener.js';
import { Client } from '../support/client.js';
import { lastRequest, startTestGateway, type TestGateway } from '../support/gateway.js';
import { TestRedis } from '../support/redis.js';

const USERS = '/api/v1/users';
const LOGOUT = '/api/v1/auth/logout';

let redis: TestRedis;
let alerts: AlertListener;
let settings: Record<string, string>;
const gateways: TestGateway[] = [];

beforeAll(async () => {
  redis = await TestRedis.start();
  alerts = await listenForAlerts();
});
afterAll(async () => {
  alerts.close();
  await redis.close();
});
beforeEach(async () => {
  await redis.restart();
  alerts.texts.length = 0;
  settings = {
    REDIS_URL: redis.url,
    GATEWAY_REDIS_COMMAND_TIMEOUT: '300ms',
    GATEWAY_RECOVERY_HOLD: '0s',
    GATEWAY_HEALTH_INTERVAL: '1s',
    GATEWAY_ALERT_WEBHOOK_URL: alerts.url,
    GATEWAY_DEPLOYMENT_TAG: 'acme-prod',
  };
});
afterEach(async () => {
  for (const gateway of gateways.splice(0)) await gateway.close();
});

async function start(env = settings): Promise<TestGateway> {
  const gateway = await startTestGateway({ env });
  gateways.push(gateway);
  return gateway;
}

/** Two gateways before the same backends, which share Redis. */
async function startTwo(): Promise<[TestGateway, TestGateway]> {
  const sandbox = await startSandbox({ faultServer: false });
  const two = await Promise.all([
    startTestGateway({ env: settings, sandbox }),
    startTestGateway({ env: settings, sandbox }),
  ]);
  gateways.push(...two);
  return two;
}

/** The same caller at another gateway. */
const at = (gateway: TestGateway, client: Client) => new Client(gateway.url, client.token);
const statusOf = async (client: Client) => (await client.get(USERS)).status;
const logOut = async (client: Client) => (await client.send('POST', LOGOUT, {})).status;
const textsOf = (subject: string) => alerts.texts.filter((text) => text.includes(subject));

async function probe(gateway: TestGateway, path: string): Promise<{ status: number; body: unknown }> {
  const response = await fetch(gateway.url + path);
  return { status: response.status, body: await response.json() };
}

async function degraded(gateway: TestGateway, component: string): Promise<string | undefined> {
  const text = await (await fetch(`${gateway.url}/metrics`)).text();
  return new RegExp(`^gateway_degraded\\{component="${component}"\\} (\\d)$`, 'm').exec(text)?.[1];
}

describe('a logout', () => {
  it('ends the access token in this gateway at once, Redis or not', async () => {
    const gateway = await start({});
    const alice = await Client.of(gateway, 'alice@acme.test');
    const other = await Client.of(gateway, 'alice@acme.test');
    expect(await statusOf(alice)).toBe(200);
    expect(await logOut(alice)).toBe(200);
    expect(await statusOf(alice)).toBe(401);
    expect(lastRequest(gateway)).toMatchObject({ decision_reason: 'TOKEN_REVOKED' });
    expect(await statusOf(other)).toBe(200);
  });

  it('ends it in another gateway too, which decides from memory', async () => {
    const [one, two] = await startTwo();
    const alice = await Client.of(one, 'alice@acme.test');
    const bob = await Client.of(one, 'bob@acme.test');
    expect(await statusOf(at(two, alice))).toBe(200);
    await logOut(alice);
    await expect.poll(() => statusOf(at(two, alice))).toBe(401);
    await redis.kill();
    expect([await statusOf(at(two, alice)), await statusOf(at(two, bob))]).toEqual([401, 200]);
  });

  it('that AuthService refuses ends nothing', async () => {
    const gateway = await start();
    const alice = await Client.of(gateway, 'alice@acme.test');
    await gateway.sandbox.setFault('auth', { mode: 'down' });
    expect(await logOut(alice)).toBe(503);
    expect(await statusOf(alice)).toBe(200);
  });

  it('while Redis is away succeeds, and is told to the others when it is back', async () => {
    const [one, two] = await startTwo();
    const alice = await Client.of(one, 'alice@acme.test');
    await redis.kill();
    expect(await logOut(alice)).toBe(200);
    expect(await statusOf(alice)).toBe(401);
    await redis.restart();
    await expect.poll(() => statusOf(at(two, alice))).toBe(401);
  });
});

it('a gateway that ends tells of no outage', async () => {
  const gateway = await start();
  await gateway.gateway.drain();
  expect(gateway.lines.map(({ msg }) => String(msg)).filter((text) => text.startsWith('degraded'))).toEqual([]);
  expect(alerts.texts).toEqual([]);
});

describe('Redis', () => {
  it('killed under traffic costs no bearer request, and is told once: by line, gauge, health and webhook', async () => {
    const gateway = await start();
    const alice = await Client.of(gateway, 'alice@acme.test');
    const bob = await Client.of(gateway, 'bob@acme.test');
    await logOut(bob);
    await redis.kill();
    await expect.poll(() => degraded(gateway, 'revocation')).toBe('1');
    const statuses = await Promise.all(Array.from({ length: 40 }, () => statusOf(alice)));
    expect(new Set(statuses)).toEqual(new Set([200]));
    expect(await statusOf(bob)).toBe(401);
    await expect.poll(() => degraded(gateway, 'redis')).toBe('1');
    await expect.poll(async () => (await probe(gateway, '/healthz')).status).toBe(503);
    expect((await probe(gateway, '/health')).status).toBe(200);
    expect((await probe(gateway, '/readyz')).status).toBe(200);

    await redis.restart();
    await expect.poll(() => degraded(gateway, 'revocation')).toBe('0');
    await expect.poll(() => degraded(gateway, 'redis')).toBe('0');
    await expect.poll(async () => (await probe(gateway, '/healthz')).status).toBe(200);
    expect(await statusOf(bob)).toBe(401);
    await expect
      .poll(() => textsOf('Redis stream'))
      .toEqual([
        '[acme-prod] auth.degraded TokenRevocationService Redis stream degraded',
        '[acme-prod] auth.recovered TokenRevocationService Redis stream recovered',
      ]);
    const lines = gateway.lines.map(({ msg }) => String(msg)).filter((text) => text.includes('component=redis'));
    expect(lines).toEqual(['degraded component=redis', 'recovered component=redis']);
  });

  it('frozen under traffic costs no bearer request either', async () => {
    const gateway = await start();
    const alice = await Client.of(gateway, 'alice@acme.test');
    const bob = await Client.of(gateway, 'bob@acme.test');
    await logOut(bob);
    redis.freeze();
    await expect.poll(() => degraded(gateway, 'revocation')).toBe('1');
    expect(new Set(await Promise.all(Array.from({ length: 40 }, () => statusOf(alice))))).toEqual(new Set([200]));
    expect(await statusOf(bob)).toBe(401);
    redis.thaw();
    await expect.poll(() => degraded(gateway, 'revocation')).toBe('0');
    await expect.poll(() => textsOf('Redis stream')).toHaveLength(2);
  });

  it('emptied under traffic revives no token, and a gateway that starts afterwards knows it too', async () => {
    const gateway = await start();
    const alice = await Client.of(gateway, 'alice@acme.test');
    const bob = await Client.of(gateway, 'bob@acme.test');
    await logOut(bob);
    await redis.client.flushall();
    await expect
      .poll(() => textsOf('revocation_store_truncated'))
      .toEqual(['[acme-prod] auth.degraded TokenRevocationService revocation_store_truncated']);
    expect([await statusOf(bob), await statusOf(alice)]).toEqual([401, 200]);
    await expect.poll(() => redis.client.zcard(TOKENS_KEY)).toBe(1);
    const sandbox = gateway.sandbox;
    const late = await startTestGateway({ env: settings, sandbox });
    gateways.push(late);
    expect(await statusOf(at(late, bob))).toBe(401);
  });

  it('missing at the start keeps a gateway unready, which says so, and alive', async () => {
    await redis.kill();
    const gateway = await startTestGateway({ env: settings, waitUntilReady: false });
    gateways.push(gateway);
    expect(await probe(gateway, '/readyz')).toMatchObject({
      status: 503,
      body: { failing: expect.arrayContaining(['revocation cache not ready']) as unknown },
    });
    expect((await probe(gateway, '/livez')).status).toBe(200);
    await expect
      .poll(() => textsOf('not initialized'))
      .toEqual(['[acme-prod] auth.degraded TokenRevocationService Redis client not initialized']);
    await redis.restart();
    await expect.poll(async () => (await probe(gateway, '/readyz')).status).toBe(200);
  });
});

it('a password of Redis and the URL of the webhook appear in no line', async () => {
  await redis.client.config('SET', 'requirepass', 'hunter2');
  const env = { ...settings, REDIS_URL: redis.url.replace('//', '//:hunter3@'), LOG_LEVEL: 'trace' };
  const gateway = await startTestGateway({ env, waitUntilReady: false });
  gateways.push(gateway);
  await expect.poll(() => textsOf('not initialized')).toHaveLength(1);
  expect(JSON.stringify(gateway.lines)).not.toMatch(/hunter|\/hook/);
  expect(alerts.texts.join('')).not.toMatch(/hunter/);
});

it('tokens beyond the limit of memory are looked up', async () => {
  const gateway = await start({ ...settings, GATEWAY_REVOCATION_MAX: '1' });
  const users = ['alice@acme.test', 'bob@acme.test', 'carol@globex.test'];
  const clients = await Promise.all(users.map((user) => Client.of(gateway, user)));
  for (const client of clients) await logOut(client);
  for (const client of clients) await expect.poll(() => statusOf(client)).toBe(401);
  expect(await statusOf(await Client.of(gateway, 'alice@acme.test'))).toBe(200);
  await expect
    .poll(() => textsOf('overflow'))
    .toEqual(['[acme-prod] auth.degraded TokenRevocationService cache overflow, ZSCORE fallback']);
});

it('a token of an older version than AuthService asks for is refused', async () => {
  await redis.client.hset(VERSIONS_KEY, 'subject:acme-alice', 2);
  const gateway = await start();
  const withVersion = async (version: number) =>
    new Client(gateway.url, await gateway.sandbox.issueToken('alice@acme.test', { token_version: version }));
  expect(await statusOf(await withVersion(1))).toBe(401);
  expect(lastRequest(gateway)).toMatchObject({ decision_reason: 'TOKEN_VERSION_STALE' });
  expect(await statusOf(await withVersion(2))).toBe(200);
  expect(await statusOf(await Client.of(gateway, 'bob@acme.test'))).toBe(200);
});

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startSandbox, type SandboxEnvironment } from '../../sandbox/environment.js';
import { expectProblem } from '../support/problem.js';
import { TestRedis } from '../support/redis.js';
import { callApi, signIn, type SsoGateway, startSsoGateway } from '../support/sso.js';
import { type Step, WebClient } from '../support/web-client.js';
import { until } from '../support/until.js';

const USERS = '/api/v1/users?pageSize=1';
const [FIRST_KEY, SECOND_KEY] = ['the first key of the sessions, 32 bytes', 'the second key of the sessions, 32 bytes'];

let redis: TestRedis;
let gateway: SsoGateway;
let client: WebClient;

beforeAll(async () => {
  redis = await TestRedis.start();
  gateway = await startSsoGateway({ env: { REDIS_URL: redis.url, GATEWAY_REDIS_COMMAND_TIMEOUT: '300ms' } });
});
afterAll(async () => {
  await gateway?.close();
  await redis?.close();
});
beforeEach(async () => {
  client = new WebClient();
  await signIn(client, gateway, 'alice@acme.test');
});
afterEach(async () => {
  redis.thaw();
  await until(async () => (await redis.client.ping().catch(() => '')) === 'PONG');
  await until(canSignIn);
});

const status = async () => (await callApi(client, gateway, USERS)).status;
const canSignIn = async () => (await signIn(new WebClient(), gateway, 'bob@acme.test')).status === 302;

async function statusOfBearer(): Promise<number> {
  const authorization = `Bearer ${await gateway.sandbox.issueToken('alice@acme.test')}`;
  return (await fetch(gateway.url + USERS, { headers: { authorization } })).status;
}

function expectUnavailable({ status: code, body, headers }: Step): void {
  expectProblem({ status: code, body, contentType: headers.get('content-type') }, 'AUTH_UNAVAILABLE');
  expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
  expect(headers.getSetCookie()).toEqual([]);
}

describe('while Redis does not answer', () => {
  it('killed: sessions wait, tokens work, nobody is signed out by it', async () => {
    expect(await status()).toBe(200);
    await redis.kill();
    for (let i = 0; i < 3; i++) expectUnavailable(await callApi(client, gateway, USERS));
    expectUnavailable(await callApi(client, gateway, '/auth/session'));
    expectUnavailable(await callApi(client, gateway, '/auth/logout', { method: 'POST' }));
    expect(await statusOfBearer()).toBe(200);
    expect((await signIn(new WebClient(), gateway, 'bob@acme.test')).status).toBe(503);
    await redis.restart();
    // It came back empty: now it is known that there is no session.
    await expect.poll(status).toBe(401);
  });

  it('frozen: the same, and all sessions are there afterwards', async () => {
    expect(await status()).toBe(200);
    redis.freeze();
    for (let i = 0; i < 3; i++) expectUnavailable(await callApi(client, gateway, USERS));
    expect(await statusOfBearer()).toBe(200);
    redis.thaw();
    await expect.poll(status).toBe(200);
  });
});

describe('a Redis', () => {
  it('that was emptied has no sessions', async () => {
    await redis.client.flushall();
    expect(await status()).toBe(401);
    expect(client.cookie(gateway.publicUrl, '__Host-sid')).toBeUndefined();
  });

  it.each([
    ['garbage', () => 'garbage'],
    ['nothing', () => ''],
    ['part of it', (value: string) => value.slice(0, 40)],
    ['one bit different', (value: string) => `${value.slice(0, 60)}${value[60] === 'A' ? 'B' : 'A'}${value.slice(61)}`],
  ])('that holds %s in place of a session has none', async (_what, change) => {
    for (const key of await sessionKeys()) await redis.client.set(key, change((await redis.client.get(key)) ?? ''));
    expect(await status()).toBe(401);
  });

  it('cannot be made to give one session for another', async () => {
    const mallory = new WebClient();
    await signIn(mallory, gateway, 'bob@acme.test');
    const keys = await sessionKeys();
    const values = await Promise.all(keys.map((key) => redis.client.get(key)));
    for (const [index, key] of keys.entries()) await redis.client.set(key, values[(index + 1) % keys.length] ?? '');
    expect(await status()).toBe(401);
  });

  async function sessionKeys(): Promise<string[]> {
    const keys = await redis.client.keys('session:*');
    return keys.filter((key) => /^session:[\w-]{43}$/.test(key));
  }
});

describe('a key of the sessions', () => {
  let sandbox: SandboxEnvironment;
  beforeEach(async () => void (sandbox = await startSandbox({ faultServer: false })));

  it('can be changed while people are signed in; without the old one their sessions are over', async () => {
    const browser = new WebClient();
    const before = await start({ GATEWAY_SESSION_KEY: FIRST_KEY });
    await signIn(browser, before, 'alice@acme.test');
    const id = browser.cookie(before.publicUrl, '__Host-sid') ?? '';
    const during = await start({ GATEWAY_SESSION_KEY: SECOND_KEY, GATEWAY_SESSION_KEY_PREVIOUS: FIRST_KEY });
    const after = await start({ GATEWAY_SESSION_KEY: SECOND_KEY });
    expect(await statusAt(during, id)).toBe(200);
    expect(await statusAt(after, id)).toBe(401);
    for (const each of [after, during, before]) await each.close();
  });

  function start(keys: Record<string, string>): Promise<SsoGateway> {
    const env = { REDIS_URL: redis.url, GATEWAY_REDIS_COMMAND_TIMEOUT: '2s', ...keys };
    return startSsoGateway({ sandbox, env });
  }

  async function statusAt(at: SsoGateway, id: string): Promise<number> {
    const headers = { cookie: `__Host-sid=${id}`, 'x-csrf': '1' };
    return (await new WebClient().request(`${at.url}/auth/session`, { headers })).status;
  }
});

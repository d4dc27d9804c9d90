import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { startSandbox } from '../../sandbox/environment.js';
import { RedisProxy } from '../support/redis-proxy.js';
import { TestRedis } from '../support/redis.js';
import { callApi, signIn, type SsoGateway, startSsoGateway } from '../support/sso.js';
import { WebClient } from '../support/web-client.js';

const USERS = '/api/v1/users?pageSize=1';
/** Past the life of an access token of the sandbox. */
const TOKEN_OVER_MS = 16 * 60_000;

let redis: TestRedis;
let proxy: RedisProxy;
let gateway: SsoGateway;
let client: WebClient;

beforeAll(async () => {
  redis = await TestRedis.start();
  proxy = await RedisProxy.to(redis.port);
  const env = { REDIS_URL: proxy.url, GATEWAY_REDIS_COMMAND_TIMEOUT: '5s' };
  gateway = await startSsoGateway({ sandbox: await startSandbox({ faultServer: false }), env });
});
afterAll(async () => {
  await gateway?.close();
  await proxy?.close();
  await redis?.close();
});
beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now(), shouldAdvanceTime: true });
  await redis.client.flushall();
  client = new WebClient();
  await signIn(client, gateway, 'alice@acme.test');
  vi.setSystemTime(Date.now() + TOKEN_OVER_MS);
  gateway.sandbox.calls.clear();
});
afterEach(() => {
  proxy.pass();
  vi.useRealTimers();
});

const status = async () => (await callApi(client, gateway, USERS)).status;
const refreshes = () => gateway.sandbox.calls.list().filter(({ method }) => method.endsWith('/RefreshToken'));
const isWrite = ([name, , , ...options]: readonly string[]) => name === 'set' && options.includes('KEEPTTL');

describe('a renewed session that cannot be written', () => {
  it.each([
    ['before Redis runs the command', 'refuse'],
    ['after it ran, its reply lost', 'lose'],
  ] as const)('%s, is written once Redis is back, and its refresh token is used once', async (_when, fate) => {
    let attempts = 0;
    proxy.fate = (command) => (isWrite(command) && ++attempts <= 3 ? fate : 'pass');
    expect(await status()).toBe(503);
    await expect.poll(status).toBe(200);
    expect(refreshes()).toHaveLength(1);
    proxy.pass();
    // And the next renewal has a token that is good.
    vi.setSystemTime(Date.now() + TOKEN_OVER_MS);
    expect(await status()).toBe(200);
    expect(refreshes()).toHaveLength(2);
  });

  it('is written without anybody asking', async () => {
    let attempts = 0;
    proxy.fate = (command) => (isWrite(command) && ++attempts <= 2 ? 'refuse' : 'pass');
    expect(await status()).toBe(503);
    await expect.poll(() => attempts).toBe(3);
    await expect.poll(async () => (await redis.client.keys('session:lock:*')).length).toBe(0);
    expect(await status()).toBe(200);
    expect(refreshes()).toHaveLength(1);
  });

  it('is not brought back when its person has signed out meanwhile', async () => {
    proxy.fate = (command) => (isWrite(command) ? 'refuse' : 'pass');
    expect(await status()).toBe(503);
    expect((await callApi(client, gateway, '/auth/logout', { method: 'POST' })).status).toBe(200);
    proxy.pass();
    await expect.poll(async () => (await redis.client.keys('session:lock:*')).length).toBe(0);
    expect((await redis.client.keys('session:*')).filter((key) => /^session:[\w-]{43}$/.test(key))).toEqual([]);
  });
});

describe('a renewal', () => {
  it.each([
    ['whose lock was refused', 'refuse'],
    ['whose lock was taken, the reply lost', 'lose'],
  ] as const)('%s is made by the next request', async (_what, fate) => {
    let attempts = 0;
    proxy.fate = ([name, key = '']) =>
      name === 'set' && key.startsWith('session:lock:') && ++attempts === 1 ? fate : 'pass';
    expect(await status()).toBe(503);
    expect(await status()).toBe(200);
    expect(refreshes()).toHaveLength(1);
  });
});

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { type RefreshToken, RefreshSessions } from '../../sandbox/auth/refresh-sessions.js';
import { startSandbox } from '../../sandbox/environment.js';
import { metric } from '../support/metrics.js';
import { expectProblem } from '../support/problem.js';
import { TestRedis } from '../support/redis.js';
import { callApi, signIn, type SsoGateway, startSsoGateway } from '../support/sso.js';
import { type Step, WebClient } from '../support/web-client.js';
import { until } from '../support/until.js';

const MINUTE = 60_000;
/** Life of an access token of the sandbox. */
const TOKEN_LIFE = 15 * MINUTE;
const USERS = '/api/v1/users?pageSize=1';

let gateway: SsoGateway;
let client: WebClient;

/** Moves the wall clock alone: timers and deadlines under way go on. */
function advance(ms: number): void {
  vi.setSystemTime(Date.now() + ms);
}

function refreshes(): number {
  return gateway.sandbox.calls.list().filter(({ method }) => method.endsWith('/RefreshToken')).length;
}

function expectAnswer({ status, body, headers }: Step, code: 'UNAUTHENTICATED' | 'AUTH_UNAVAILABLE') {
  return expectProblem({ status, body, contentType: headers.get('content-type') }, code);
}

async function reasonOf({ headers }: Step): Promise<unknown> {
  const find = () => gateway.lines.find((line) => line.request_id === headers.get('x-request-id'));
  await expect.poll(find).toBeDefined();
  return find()?.decision_reason;
}

beforeAll(async () => {
  gateway = await startSsoGateway({ sandbox: await startSandbox({ faultServer: false }) });
});
afterAll(() => gateway?.close());
beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now(), shouldAdvanceTime: true });
  client = new WebClient();
  await signIn(client, gateway, 'alice@acme.test');
  gateway.sandbox.calls.clear();
});
afterEach(() => vi.useRealTimers());

describe('an access token that has run out', () => {
  it('is renewed once for 50 requests at once, and all are answered', async () => {
    advance(TOKEN_LIFE + MINUTE);
    const answers = await Promise.all(Array.from({ length: 50 }, () => callApi(client, gateway, USERS)));
    expect(answers.map(({ status }) => status)).toEqual(Array(50).fill(200));
    expect(refreshes()).toBe(1);
    expect((await callApi(client, gateway, USERS)).status).toBe(200);
    expect(refreshes()).toBe(1);
  });

  it('is renewed again and again', async () => {
    for (let i = 1; i <= 3; i++) {
      advance(TOKEN_LIFE + MINUTE);
      expect((await callApi(client, gateway, USERS)).status).toBe(200);
      expect(refreshes()).toBe(i);
    }
  });

  it('is renewed also when the client that caused it does not wait', async () => {
    advance(TOKEN_LIFE + MINUTE);
    await gateway.sandbox.setFault('auth', { mode: 'hang' });
    const leaving = new AbortController();
    const left = callApi(client, gateway, USERS, { signal: leaving.signal }).catch(() => 'left');
    const asked = { upstream: 'auth' };
    await expect.poll(() => metric(gateway.url, 'gateway_upstream_in_flight_requests', asked)).toBe(1);
    leaving.abort();
    expect(await left).toBe('left');
    await gateway.sandbox.setFault('auth', { mode: 'none' });
    expect((await callApi(client, gateway, USERS)).status).toBe(200);
    expect(refreshes()).toBe(1);
  });

  it.each([
    ['is gone', () => gateway.sandbox.directory.users.delete('acme-alice')],
    ['is suspended', () => setStatus('USER_STATUS_SUSPENDED')],
  ])('and is not renewed since its user %s ends the session', async (_what, change) => {
    const user = gateway.sandbox.directory.users.get('acme-alice');
    change();
    advance(TOKEN_LIFE + MINUTE);
    const answers = await Promise.all([callApi(client, gateway, USERS), callApi(client, gateway, USERS)]);
    if (user !== undefined) gateway.sandbox.directory.users.set(user.id, { ...user, status: 'USER_STATUS_ACTIVE' });
    for (const answer of answers) {
      expectAnswer(answer, 'UNAUTHENTICATED');
      expect(await reasonOf(answer)).toBe('SESSION_ENDED');
      expect(answer.headers.getSetCookie()).toEqual([expect.stringMatching(/^__Host-sid=; Max-Age=0; /)]);
    }
    expect(refreshes()).toBe(1);
    expect(client.cookie(gateway.publicUrl, '__Host-sid')).toBeUndefined();
  });

  it('whose refresh token was used by somebody else ends the session', async () => {
    const issued = vi.spyOn(RefreshSessions.prototype, 'begin');
    await signIn(client, gateway, 'alice@acme.test');
    const refreshToken = issued.mock.results.at(-1)?.value as RefreshToken;
    issued.mockRestore();
    const theft = await fetch(`${gateway.url}/api/v1/auth/refresh`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ refreshToken: refreshToken.token }),
    });
    expect(theft.status).toBe(200);
    advance(TOKEN_LIFE + MINUTE);
    const answer = await callApi(client, gateway, USERS);
    expectAnswer(answer, 'UNAUTHENTICATED');
    expect(await reasonOf(answer)).toBe('SESSION_ENDED');
  });

  function setStatus(status: string): void {
    const user = gateway.sandbox.directory.users.get('acme-alice');
    if (user !== undefined) gateway.sandbox.directory.users.set(user.id, { ...user, status });
  }
});

describe('while AuthService cannot be reached', () => {
  beforeEach(() => gateway.sandbox.setFault('auth', { mode: 'down' }));
  afterEach(async () => {
    await gateway.sandbox.setFault('auth', { mode: 'none' });
    await until(async () => (await askAuthService()) === 200);
  });

  async function askAuthService(): Promise<number> {
    return (await fetch(`${gateway.url}/api/v1/auth/tenants/acme/login-config`)).status;
  }

  it('a session goes on for as long as its access token is good', async () => {
    expect((await callApi(client, gateway, USERS)).status).toBe(200);
    advance(TOKEN_LIFE - 10_000);
    expect((await callApi(client, gateway, USERS)).status).toBe(200);
  });

  it('and is neither ended nor answered with a 401 afterwards', async () => {
    advance(TOKEN_LIFE + MINUTE);
    const answer = await callApi(client, gateway, USERS);
    expectAnswer(answer, 'AUTH_UNAVAILABLE');
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(answer.headers.getSetCookie()).toEqual([]);
    await gateway.sandbox.setFault('auth', { mode: 'none' });
    await expect.poll(async () => (await callApi(client, gateway, USERS)).status).toBe(200);
  });
});

describe('a session ends', () => {
  it('when it was not used for half an hour', async () => {
    advance(29 * MINUTE);
    expect((await callApi(client, gateway, '/auth/session')).status).toBe(200);
    advance(29 * MINUTE);
    expect((await callApi(client, gateway, '/auth/session')).status).toBe(200);
    advance(31 * MINUTE);
    const answer = await callApi(client, gateway, '/auth/session');
    expectAnswer(answer, 'UNAUTHENTICATED');
    expect(await reasonOf(answer)).toBe('SESSION_INVALID');
  });

  it('after twelve hours, however much it is used', async () => {
    for (let minutes = 0; minutes < 12 * 60; minutes += 20) {
      expect((await callApi(client, gateway, '/auth/session')).status).toBe(200);
      advance(20 * MINUTE);
    }
    expectAnswer(await callApi(client, gateway, '/auth/session'), 'UNAUTHENTICATED');
  });
});

describe('two gateways that share a Redis', () => {
  let redis: TestRedis;
  let one: SsoGateway;
  let two: SsoGateway;

  beforeAll(async () => {
    redis = await TestRedis.start();
    const env = { REDIS_URL: redis.url, GATEWAY_REDIS_COMMAND_TIMEOUT: '2s' };
    const sandbox = await startSandbox({ faultServer: false });
    one = await startSsoGateway({ sandbox, env });
    two = await startSsoGateway({ sandbox, env: { ...env, GATEWAY_PUBLIC_URL: one.publicUrl } });
  });
  afterAll(async () => {
    await two?.close();
    await one?.close();
    await redis?.close();
  });

  /** The same browser's request, as a load balancer would send it to either. */
  function callAt(at: SsoGateway, browser: WebClient, path: string): Promise<Step> {
    const id = browser.cookie(one.publicUrl, '__Host-sid') ?? '';
    return new WebClient().request(at.url + path, { headers: { 'x-csrf': '1', cookie: `__Host-sid=${id}` } });
  }

  it('renew a session once for 50 requests to both', async () => {
    const browser = new WebClient();
    await signIn(browser, one, 'alice@acme.test');
    expect((await callAt(two, browser, USERS)).status).toBe(200);
    for (let round = 0; round < 3; round++) {
      one.sandbox.calls.clear();
      advance(TOKEN_LIFE + MINUTE);
      const requests = Array.from({ length: 50 }, (_, i) => callAt(i % 2 === 0 ? one : two, browser, USERS));
      expect((await Promise.all(requests)).map(({ status }) => status)).toEqual(Array(50).fill(200));
      expect(one.sandbox.calls.list().filter(({ method }) => method.endsWith('/RefreshToken'))).toHaveLength(1);
    }
  });

  it('both end a session that one of them ends', async () => {
    const browser = new WebClient();
    await signIn(browser, one, 'bob@acme.test');
    const id = browser.cookie(one.publicUrl, '__Host-sid') ?? '';
    expect((await callAt(two, browser, USERS)).status).toBe(200);
    expect((await callApi(browser, one, '/auth/logout', { method: 'POST' })).status).toBe(200);
    browser.setCookie(one.publicUrl, '__Host-sid', id);
    expect((await callAt(two, browser, USERS)).status).toBe(401);
  });
});

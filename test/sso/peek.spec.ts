import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { startSandbox } from '../../sandbox/environment.js';
import { TestRedis } from '../support/redis.js';
import { callApi, signIn, type SsoGateway, startSsoGateway } from '../support/sso.js';
import { expectProblem } from '../support/problem.js';
import { WebClient } from '../support/web-client.js';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

interface Session {
  readonly subject: string;
  readonly idleTimeoutSeconds: number;
  readonly idleSecondsLeft: number;
}

/** Returns the response that a page gets about its session. */
async function ask(client: WebClient, gateway: SsoGateway, query = ''): Promise<Session | undefined> {
  const { status, body } = await callApi(client, gateway, `/auth/session${query}`);
  expect([200, 401]).toContain(status);
  return status === 200 ? (JSON.parse(body) as Session) : undefined;
}

describe('a poll of the session with peek=1', () => {
  let gateway: SsoGateway;
  let client: WebClient;
  /** Each test begins later than the one before has ended: idle times are not measured by a clock that goes back. */
  let tomorrow = Date.now();

  beforeAll(async () => {
    gateway = await startSsoGateway({ sandbox: await startSandbox({ faultServer: false }) });
  });
  afterAll(() => gateway?.close());
  beforeEach(async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: (tomorrow += DAY), shouldAdvanceTime: true });
    client = new WebClient();
    await signIn(client, gateway, 'alice@acme.test');
  });
  afterEach(() => vi.useRealTimers());

  const advance = (ms: number) => void vi.setSystemTime(Date.now() + ms);

  it('does not prolong it, also where the access token is renewed for it', async () => {
    for (const left of [1500, 1200, 900, 600, 300]) {
      advance(5 * MINUTE);
      const session = await ask(client, gateway, '?peek=1');
      expect(session?.subject).toBe('acme-alice');
      // The clock of the test lags on a busy machine.
      expect(Math.abs((session?.idleSecondsLeft ?? 0) - left)).toBeLessThan(60);
    }
    advance(6 * MINUTE);
    expect(await ask(client, gateway, '?peek=1')).toBeUndefined();
  });

  it.each(['', '?x=1', '?peek=1&peek=1', '?peek=0', '?peek=true'])('is a use without it: %j', async (query) => {
    advance(20 * MINUTE);
    await callApi(client, gateway, `/auth/session${query}`);
    advance(20 * MINUTE);
    const expected = query === '?peek=1&peek=1' ? undefined : 'acme-alice';
    expect((await ask(client, gateway, '?peek=1'))?.subject).toBe(expected);
  });

  it('is a use at every other route', async () => {
    advance(20 * MINUTE);
    await callApi(client, gateway, '/api/v1/me?peek=1');
    advance(20 * MINUTE);
    expect((await ask(client, gateway, '?peek=1'))?.subject).toBe('acme-alice');
  });

  it('and any use survive a wall clock that was an hour behind for a while', async () => {
    for (const path of ['/auth/session', '/auth/session?peek=1', '/api/v1/me']) {
      advance(-60 * MINUTE);
      await callApi(client, gateway, path);
      expect(client.cookie(gateway.publicUrl, '__Host-sid')).toBeDefined();
      advance(60 * MINUTE);
      expect((await callApi(client, gateway, path)).status).toBe(200);
    }
  });

  it.each(['peek=0', 'peek=', 'peek=true', 'peek=1&peek=1'])('is not %s', async (query) => {
    const { status, body, headers } = await callApi(client, gateway, `/auth/session?${query}`);
    expectProblem({ status, body, contentType: headers.get('content-type') }, 'INVALID_ARGUMENT');
  });
});

describe('a session in Redis', () => {
  let redis: TestRedis;
  let gateway: SsoGateway;
  beforeAll(async () => {
    redis = await TestRedis.start();
    const env = { REDIS_URL: redis.url, GATEWAY_REDIS_COMMAND_TIMEOUT: '2s' };
    gateway = await startSsoGateway({ sandbox: await startSandbox({ faultServer: false }), env });
  });
  afterAll(async () => {
    await gateway?.close();
    await redis?.close();
  });

  it('has an idle time that a use begins anew and a peek does not', async () => {
    const client = new WebClient();
    await signIn(client, gateway, 'alice@acme.test');
    const keys = (await redis.client.keys('session:*')).filter((key) => /^session:[\w-]{43}$/.test(key));
    expect(keys).toHaveLength(1);
    const [key = ''] = keys;
    await redis.client.pexpire(key, MINUTE);
    expect((await ask(client, gateway, '?peek=1'))?.idleSecondsLeft).toBeLessThanOrEqual(60);
    expect(await redis.client.pttl(key)).toBeLessThanOrEqual(MINUTE);
    expect((await ask(client, gateway))?.idleSecondsLeft).toBeGreaterThan(1700);
    expect(await redis.client.pttl(key)).toBeGreaterThan(29 * MINUTE);
  });
});

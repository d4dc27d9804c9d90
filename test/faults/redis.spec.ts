import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startSandbox } from '../../sandbox/environment.js';
import { choosePort } from '../../sandbox/gateway-process.js';
import { type Ask, FaultFixture } from '../support/fault-fixture.js';
import { TestRedis } from '../support/redis.js';
import { FROM_PAGE, signIn, startSsoGateway, type SsoGateway } from '../support/sso.js';
import { WebClient } from '../support/web-client.js';

const USERS = '/api/v1/users?pageSize=1';
const NOT_ASKED = 'rate_limit_requests_total{scope="tenant",outcome="fail_open"}';

/** A rate so low that an instance is granted nothing ahead: each request is counted in Redis. */
const COUNTED = { RATE_LIMIT_RPS: '30', RATE_LIMIT_BURST: '5000' };

/** A way for Redis to fail. */
interface Failure {
  readonly what: string;
  readonly fail: (redis: TestRedis) => unknown;
  readonly mend: (redis: TestRedis) => unknown;
  /** Status that a browser with a session gets meanwhile: a store that rejects writes can still be read. */
  readonly meanwhile: readonly string[];
  readonly afterwards: string;
}

const FAILURES: readonly Failure[] = [
  {
    what: 'is killed, and comes back empty',
    fail: (redis) => redis.kill(),
    mend: (redis) => redis.restart(),
    meanwhile: ['AUTH_UNAVAILABLE'],
    afterwards: 'UNAUTHENTICATED',
  },
  {
    what: 'freezes',
    fail: (redis) => redis.freeze(),
    mend: (redis) => redis.thaw(),
    meanwhile: ['AUTH_UNAVAILABLE'],
    afterwards: '200',
  },
  {
    what: 'has become a replica that takes no writes',
    fail: async (redis) => redis.client.replicaof('127.0.0.1', await choosePort('0')),
    mend: (redis) => redis.client.replicaof('NO', 'ONE'),
    meanwhile: ['200', 'AUTH_UNAVAILABLE'],
    afterwards: '200',
  },
  {
    what: 'has no memory left',
    fail: (redis) => redis.client.config('SET', 'maxmemory', '1'),
    mend: (redis) => redis.client.config('SET', 'maxmemory', '0'),
    meanwhile: ['200', 'AUTH_UNAVAILABLE'],
    afterwards: '200',
  },
];

let redis: TestRedis;
let faults: FaultFixture;
let gateway: SsoGateway;

beforeAll(async () => {
  redis = await TestRedis.start();
  const sandbox = await startSandbox({ faultServer: false });
  const env = {
    REDIS_URL: redis.url,
    ...COUNTED,
    GATEWAY_REDIS_COMMAND_TIMEOUT: '300ms',
    GATEWAY_RATE_LIMIT_STORE_TIMEOUT: '250ms',
  };
  const launch = async (options: Parameters<typeof startSsoGateway>[0]) => (gateway = await startSsoGateway(options));
  faults = await FaultFixture.start({ sandbox, env, launch });
});
afterAll(async () => {
  await faults.close();
  await redis.close();
});

async function statusOfSignIn(client: WebClient): Promise<number> {
  const { status } = await signIn(client, gateway, 'alice@acme.test');
  faults.sentBesides(client.steps.filter(({ url }) => url.startsWith(gateway.publicUrl)).length);
  return status;
}

/** Headers that a page's script sends for a signed-in user. */
async function signedIn(): Promise<Ask> {
  const client = new WebClient();
  expect(await statusOfSignIn(client)).toBe(302);
  const cookie = `__Host-sid=${client.cookie(gateway.publicUrl, '__Host-sid')}`;
  return { headers: { ...FROM_PAGE, cookie, authorization: '' } };
}

describe('a Redis that fails (FI-8)', () => {
  it.each(FAILURES)('$what: tokens work, limits are local, nobody is signed out by it', async (failure) => {
    const session = await signedIn();
    expect(await faults.code(USERS, session)).toBe('200');
    expect(await scopeOf()).toBe('global');
    await failure.fail(redis);
    for (let n = 0; n < 5; n++) {
      const { code, headers } = await faults.ask(USERS, session);
      expect(failure.meanwhile).toContain(code);
      expect(headers.getSetCookie()).toEqual([]);
      if (code === 'AUTH_UNAVAILABLE') expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
    }
    expect(await faults.codes(USERS, 5)).toEqual(Array(5).fill('200'));
    expect(await scopeOf()).toBe('local');
    expect(await statusOfSignIn(new WebClient())).toBe(503);
    await failure.mend(redis);
    await expect.poll(() => faults.code(USERS, session)).toBe(failure.afterwards);
    await expect.poll(scopeOf).toBe('global');
    await faults.expectSound(NOT_ASKED);
  });

  /** Returns true if a request was counted together with those of other instances. */
  async function scopeOf(): Promise<string | null> {
    const { code, headers } = await faults.ask(USERS);
    expect(code).toBe('200');
    return headers.get('x-ratelimit-scope');
  }
});

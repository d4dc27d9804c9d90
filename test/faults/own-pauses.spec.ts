import { setImmediate as turn } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startSandbox, type SandboxEnvironment } from '../../sandbox/environment.js';
import { type AlertListener, listenForAlerts } from '../support/alert-listener.js';
import { block } from '../support/block.js';
import { startTestGateway, type TestGateway } from '../support/gateway.js';
import { TestRedis } from '../support/redis.js';
import { FROM_PAGE, signIn, type SsoGateway, startSsoGateway } from '../support/sso.js';
import { WebClient } from '../support/web-client.js';

const STARTS = 20;
const USERS = '/api/v1/users?pageSize=1';

let sandbox: SandboxEnvironment;
let redis: TestRedis;
let alerts: AlertListener;
let env: Record<string, string>;
let gateway: SsoGateway;
let cookie: string;

beforeAll(async () => {
  [sandbox, redis, alerts] = await Promise.all([
    startSandbox({ faultServer: false }),
    TestRedis.start(),
    listenForAlerts(),
  ]);
  env = {
    REDIS_URL: redis.url,
    GATEWAY_SESSION_KEY: 'the key of all sessions, more than 32 bytes',
    GATEWAY_CACHE_KEY: 'the key of the cache, more than 32 bytes',
    GATEWAY_ALERT_WEBHOOK_URL: alerts.url,
    GATEWAY_DEPLOYMENT_TAG: 'test',
    GATEWAY_HEALTH_INTERVAL: '100ms',
    GATEWAY_JWKS_CACHE_TTL: '1s',
  };
  gateway = await startSsoGateway({ sandbox, env });
  const client = new WebClient();
  await signIn(client, gateway, 'alice@acme.test');
  cookie = `__Host-sid=${client.cookie(gateway.publicUrl, '__Host-sid')}`;
});
afterAll(async () => {
  await gateway.close();
  await redis.close();
  alerts.close();
});
beforeEach(() => void (alerts.texts.length = 0));

/** Requests of a browser that has a session, sent together: their statuses. */
async function askWithCookie(url: string, count: number): Promise<number[]> {
  const headers = { ...FROM_PAGE, cookie };
  const answers = await Promise.all(Array.from({ length: count }, () => fetch(url + USERS, { headers })));
  return answers.map(({ status }) => status);
}

const degraded = ({ lines }: TestGateway) => lines.filter(({ msg }) => String(msg).startsWith('degraded '));

describe('beside healthy services and a healthy Redis', () => {
  it(`${STARTS} starts alarm nobody and refuse no session from the moment that the gateway is ready`, async () => {
    const sso = { ...sandbox.gatewayEnv(gateway.publicUrl), GATEWAY_PUBLIC_URL: gateway.publicUrl };
    for (let start = 0; start < STARTS; start++) {
      const started = await startTestGateway({ sandbox, env: { ...sso, ...env } });
      expect(await askWithCookie(started.url, 5)).toEqual(Array(5).fill(200));
      expect(degraded(started)).toEqual([]);
      await started.gateway.drain();
    }
    expect(alerts.texts).toEqual([]);
  });

  it.each([60, 100, 200, 500, 1200])('pauses of %d ms alarm nobody and refuse nobody', async (ms) => {
    for (let pulse = 0; pulse < 8; pulse++) {
      const asked = askWithCookie(gateway.url, 5);
      // Each pulse comes at another stage of the requests.
      for (let turns = 0; turns < pulse; turns++) await turn();
      block(ms);
      expect(await asked).toEqual(Array(5).fill(200));
    }
    expect(degraded(gateway)).toEqual([]);
    expect(alerts.texts).toEqual([]);
  });
});

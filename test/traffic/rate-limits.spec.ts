import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { startSandbox, type SandboxEnvironment } from '../../sandbox/environment.js';
import { Client } from '../support/client.js';
import { startTestGateway, type TestGateway } from '../support/gateway.js';
import { expectFetchProblem } from '../support/problem.js';
import { countStatuses, flood, lastDenial, readRateLimit, repeat, untilDenied } from '../support/rate-limits.js';

const USER = '/api/v1/users/acme-alice';

let sandbox: SandboxEnvironment;
const gateways: TestGateway[] = [];

beforeAll(async () => void (sandbox = await startSandbox({ faultServer: false, idp: false })));
afterAll(() => sandbox.close());
afterEach(async () => {
  sandbox.directory.planLimits.clear();
  await Promise.all(gateways.splice(0).map((each) => each.gateway.drain()));
});

async function start(env: Readonly<Record<string, string>> = {}): Promise<TestGateway> {
  const gateway = await startTestGateway({ sandbox, env });
  gateways.push(gateway);
  return gateway;
}

/** The value of a series; 0 for one that is not there. */
async function metric(gateway: TestGateway, series: string): Promise<number> {
  const text = await (await fetch(`${gateway.url}/metrics`)).text();
  return Number(
    text
      .split('\n')
      .find((line) => line.startsWith(`${series} `))
      ?.slice(series.length + 1) ?? 0,
  );
}

describe('a tenant', () => {
  it('is stopped at its burst, and no other tenant is', async () => {
    const gateway = await start({ RATE_LIMIT_RPS: '1', RATE_LIMIT_BURST: '20' });
    const [alice, bob, carol] = await Promise.all(
      ['alice@acme.test', 'bob@acme.test', 'carol@globex.test'].map((user) => Client.of(gateway, user)),
    );
    let n = 0;
    const { passed, meanwhile } = await flood(30, () => (n++ % 2 === 0 ? alice! : bob!).get(USER));
    expect(passed).toBeGreaterThanOrEqual(20);
    expect(passed).toBeLessThanOrEqual(20 + meanwhile);
    expect(countStatuses(await repeat(15, () => carol!.get('/api/v1/users')))).toEqual({ 200: 15 });
  });

  it('has the rate of its plan', async () => {
    sandbox.directory.planLimits.set('acme', { rateLimitRps: 1, rateLimitBurst: 3 });
    const gateway = await start();
    const alice = await Client.of(gateway, 'alice@acme.test');
    const [first] = await repeat(1, () => alice.get(USER));
    expect(readRateLimit(first!).policies).toEqual({ tenant: { q: 3, w: 3 } });
    await untilDenied(() => alice.get(USER));
  });

  it('pays ten tokens for a question to the AI', async () => {
    const gateway = await start({ RATE_LIMIT_RPS: '1', RATE_LIMIT_BURST: '25' });
    const alice = await Client.of(gateway, 'alice@acme.test');
    const ask = () => alice.send('POST', '/api/v1/ai', { query: 'hello' });
    expect((await repeat(3, ask)).map(({ status }) => status)).toEqual([200, 200, 429]);
    expect((await alice.get(USER)).status).toBe(200);
  });

  it('loses nothing by requests that are refused anyway', async () => {
    const gateway = await start({ RATE_LIMIT_RPS: '1', RATE_LIMIT_BURST: '5' });
    const [alice, bob] = await Promise.all(
      ['alice@acme.test', 'bob@acme.test'].map((user) => Client.of(gateway, user)),
    );
    await repeat(20, () => bob!.send('DELETE', '/api/v1/users/nobody'));
    expect((await alice!.get(USER)).status).toBe(200);
  });

  it('of many callers gives one of them its part alone', async () => {
    const gateway = await start({ GATEWAY_RATE_LIMIT_USER_RPS: '1', GATEWAY_RATE_LIMIT_USER_BURST: '4' });
    const [alice, bob] = await Promise.all(
      ['alice@acme.test', 'bob@acme.test'].map((user) => Client.of(gateway, user)),
    );
    const denied = await untilDenied(() => alice!.get(USER));
    expect(denied.headers.get('x-ratelimit-dimension')).toBe('user');
    expect((await bob!.get(USER)).status).toBe(200);
  });
});

describe('a denial', () => {
  it('is a problem that says why, for how long and where', async () => {
    const gateway = await start({ RATE_LIMIT_RPS: '1', RATE_LIMIT_BURST: '1' });
    const alice = await Client.of(gateway, 'alice@acme.test');
    const denied = await untilDenied(() => alice.get(USER));
    const { states, scope } = readRateLimit(denied);
    expect(scope).toBe('local');
    expect(denied.headers.get('x-ratelimit-dimension')).toBe('tenant');
    const retryAfter = Number(denied.headers.get('retry-after'));
    expect([1, 2]).toContain(retryAfter);
    expect(states.tenant).toEqual({ r: 0, t: retryAfter });
    const body = await expectFetchProblem(denied, 'RATE_LIMITED');
    expect(body['violated-policies']).toEqual(['tenant']);
    expect(body.detail).toContain('rate limit exceeded');
    await expect
      .poll(() => lastDenial(gateway))
      .toMatchObject({
        error_code: 'RATE_LIMITED',
        ratelimit_scope: 'tenant',
        ratelimit_limit: 1,
        ratelimit_remaining: 0,
        ratelimit_outcome: 'denied',
        ratelimit_ms: 0,
      });
    expect(await metric(gateway, 'rate_limit_denied_by_tenant_total{tenant="acme"}')).toBeGreaterThan(0);
    expect(await metric(gateway, 'rate_limit_active_limiters{scope="tenant"}')).toBe(1);
    expect(await metric(gateway, 'rate_limit_max_limiters{scope="ip"}')).toBe(50_000);
  });

  it('reaches no backend', async () => {
    const gateway = await start({ RATE_LIMIT_RPS: '1', RATE_LIMIT_BURST: '1' });
    const alice = await Client.of(gateway, 'alice@acme.test');
    sandbox.calls.clear();
    const { 200: passed } = countStatuses(await repeat(10, () => alice.get(USER)));
    expect(sandbox.calls.list().filter(({ method }) => method.endsWith('/GetUser'))).toHaveLength(passed ?? 0);
  });

  it('is only counted in a dry run', async () => {
    const gateway = await start({ RATE_LIMIT_RPS: '1', RATE_LIMIT_BURST: '1', GATEWAY_RATE_LIMIT_DRY_RUN: 'true' });
    const alice = await Client.of(gateway, 'alice@acme.test');
    expect(countStatuses(await repeat(10, () => alice.get(USER)))).toEqual({ 200: 10 });
    expect(await metric(gateway, 'rate_limit_requests_total{scope="tenant",outcome="dry_run"}')).toBeGreaterThan(5);
    expect(gateway.lines.some((line) => line.ratelimit_outcome === 'dry_run')).toBe(true);
  });
});

describe('every answer', () => {
  it('says where the caller stands, and says it well-formed', async () => {
    const gateway = await start();
    const alice = await Client.of(gateway, 'alice@acme.test');
    const ofTenant = [
      await alice.get(USER),
      await alice.get('/api/v1/users/nobody'),
      await alice.get('/api/v1/me'),
      await alice.send('POST', '/api/v1/users', '{'),
      await alice.send('POST', '/api/v1/ai:stream', { query: 'stream 1 tokens slow 0ms' }),
    ];
    for (const answer of ofTenant) expect(Object.keys(readRateLimit(answer).policies)).toEqual(['tenant']);
    const ofAddress = [
      await fetch(gateway.url + USER),
      await fetch(`${gateway.url}/api/v1/auth/tenants/acme/login-config`),
      await fetch(`${gateway.url}/openapi.json`),
      await fetch(`${gateway.url}/nope`),
      await fetch(gateway.url + USER, { method: 'OPTIONS' }),
      await alice.send('LOCK', USER),
    ];
    for (const answer of ofAddress) expect(Object.keys(readRateLimit(answer).policies)).toEqual(['ip']);
    const statuses = [...ofTenant, ...ofAddress].map(({ status }) => status);
    expect(statuses).toEqual([200, 404, 200, 400, 200, 401, 200, 200, 404, 204, 405]);
  });

  it('lists each limit of a caller', async () => {
    const gateway = await start({ GATEWAY_RATE_LIMIT_USER_RPS: '50', RATE_LIMIT_RPS: '100', RATE_LIMIT_BURST: '200' });
    const alice = await Client.of(gateway, 'alice@acme.test');
    const { policies, states } = readRateLimit(await alice.get(USER));
    expect(policies).toEqual({ tenant: { q: 200, w: 2 }, user: { q: 100, w: 2 } });
    expect(states).toEqual({ tenant: { r: 199, t: 1 }, user: { r: 99, t: 1 } });
  });
});

describe('buckets in memory', () => {
  it('are no more than may be', async () => {
    const gateway = await start({ GATEWAY_RATE_LIMIT_MAX_KEYS: '100' });
    const token = (sub: string) => gateway.sandbox.issueToken('alice@acme.test', { sub, tenant_id: sub });
    const callers = await Promise.all(Array.from({ length: 120 }, (_, n) => token(`caller-${n}`)));
    for (const caller of callers) await new Client(gateway.url, caller).get(USER);
    expect(await metric(gateway, 'rate_limit_active_limiters{scope="tenant"}')).toBe(100);
    expect(await metric(gateway, 'rate_limit_max_limiters{scope="tenant"}')).toBe(100);
  });

  it('that nobody uses are removed', async () => {
    const gateway = await start({
      LOG_LEVEL: 'debug',
      GATEWAY_RATE_LIMIT_CLEANUP_INTERVAL: '100ms',
      GATEWAY_RATE_LIMIT_IDLE: '1s',
    });
    await fetch(`${gateway.url}/nope`);
    expect(await metric(gateway, 'rate_limit_active_limiters{scope="ip"}')).toBe(1);
    const cleanups = () => gateway.lines.filter(({ msg }) => msg === 'rate_limit_cleanup');
    await expect.poll(cleanups).toContainEqual(expect.objectContaining({ evicted: 1, remaining: 0 }));
    expect(await metric(gateway, 'rate_limit_active_limiters{scope="ip"}')).toBe(0);
  });
});

describe('signing in', () => {
  const wrong = (identifier: string) => ({ identifier, password: 'wrong' });

  it('with many passwords for one account is stopped, before AuthService hears of it and also for the right one', async () => {
    const gateway = await start();
    const client = new Client(gateway.url, '');
    const statuses: number[] = [];
    for (let n = 0; n < 60; n++) {
      statuses.push(
        (await client.send('POST', '/api/v1/auth/login', wrong(n % 2 ? 'bob@acme.test' : 'BOB@acme.test'))).status,
      );
    }
    const denied = await client.send('POST', '/api/v1/auth/login', {
      identifier: 'bob@acme.test',
      password: 'sandbox',
    });
    expect(denied.status).toBe(429);
    const reached = gateway.sandbox.calls.list().filter(({ method }) => method === 'Login').length;
    expect(reached).toBeLessThan(30);
    expect(statuses.filter((status) => status === 401).length).toBeLessThanOrEqual(5);
    const other = await client.send('POST', '/api/v1/auth/login', {
      identifier: 'alice@acme.test',
      password: 'sandbox',
    });
    expect(other.status).toBe(200);
  });

  it.each([
    ['/api/v1/auth/login', (n: number) => wrong(`nobody${n}@acme.test`)],
    ['/api/v1/auth/refresh', (n: number) => ({ refreshToken: `guess-${n}` })],
    ['/api/v1/auth/register', (n: number) => ({ email: `e${n}`, username: 'x', password: 'x', tenantId: 'acme' })],
  ])('through %s has a rate of its own for each address', async (path, body) => {
    const gateway = await start({ GATEWAY_RATE_LIMIT_IP_RPS: '0' });
    let n = 0;
    const client = new Client(gateway.url, '');
    const { responses } = await flood(200, () => client.send('POST', path, body(n++)));
    const denied = responses.find(({ status }) => status === 429);
    expect(denied?.headers.get('x-ratelimit-dimension')).toBe('route');
  });
});

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { adminActions, callAdmin } from '../support/admin.js';
import { Client } from '../support/client.js';
import { startTestGateway, type TestGateway } from '../support/gateway.js';
import { expectFetchProblem } from '../support/problem.js';

const SECRET = 'redis-and-other-secrets-0123456789abcdef';

let gateway: TestGateway;
let alice: Client;
beforeAll(async () => {
  gateway = await startTestGateway({
    env: {
      GATEWAY_ADMIN_ADDR: '127.0.0.1:0',
      GATEWAY_ADMIN_AUTH_TOKEN: '',
      GATEWAY_CIRCUIT_PRESET: 'strict',
      RATE_LIMIT_RPS: '1',
    },
  });
  alice = await Client.of(gateway, 'alice@acme.test');
});
afterAll(() => gateway.close());

type Json = Readonly<Record<string, unknown>>;

async function show(path: string): Promise<Json> {
  const response = await callAdmin(gateway, 'GET', path);
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8');
  return (await response.json()) as Json;
}

const USER = '/api/v1/users/acme-alice';

describe('the state that the admin listener shows', () => {
  it('has every route of the contract with its policy', async () => {
    const { count, routes } = (await show('/admin/routes')) as { count: number; routes: Json[] };
    expect(routes).toHaveLength(count);
    expect(routes.find(({ template, verb }) => template === '/api/v1/users/{user_id}' && verb === 'GET')).toMatchObject(
      {
        rpc: 'user.v1.UserService.GetUser',
        upstream: 'user',
        access: 'ACCESS_CONTROLLED',
        timeoutMs: expect.any(Number) as number,
      },
    );
  });

  it('has each upstream with its endpoints, concurrency and circuits', async () => {
    await alice.get(USER);
    const { upstreams } = (await show('/admin/upstreams')) as { upstreams: Json[] };
    expect(upstreams.map(({ upstream }) => upstream)).toEqual(['auth', 'user', 'tenant', 'ai']);
    expect(upstreams[1]).toMatchObject({
      health: 'healthy',
      endpoints: [{ address: expect.stringMatching(/^127\.0\.0\.1:\d+/) as string, state: 'ready', inFlight: 0 }],
      waitingForConnection: 0,
      concurrency: { inFlight: 0, queued: 0, limit: expect.any(Number) as number },
      circuits: { read: { state: 'closed' }, write: { state: 'closed' } },
    });
  });

  it('has the limits, and the tenants nearest to them', async () => {
    await alice.get(USER);
    expect(await show('/admin/limits')).toMatchObject({
      rateLimits: { config: { dryRun: false }, topTenants: [{ tenantId: 'acme', capacity: 100_000 }] },
      admission: { inFlight: 0, isReduced: false },
      concurrency: [{ upstream: 'auth' }, { upstream: 'user' }, { upstream: 'tenant' }, { upstream: 'ai' }],
    });
  });

  it('has each request under way, with its stage, age and deadline', async () => {
    await gateway.sandbox.setFault('user', { mode: 'hang' });
    const abort = new AbortController();
    const pending = fetch(gateway.url + USER, {
      signal: abort.signal,
      headers: { authorization: `Bearer ${alice.token}` },
    }).catch(() => undefined);
    await expect.poll(async () => (await show('/admin/inflight'))['count']).toBe(1);
    await expect
      .poll(async () => (await show('/admin/inflight'))['groups'])
      .toMatchObject([{ route: '/api/v1/users/{user_id}', stage: 'upstream', upstream: 'user', count: 1 }]);
    const { requests } = (await show('/admin/inflight')) as { requests: { ageMs: number; deadlineInMs: number }[] };
    expect(requests).toMatchObject([{ tenant: 'acme', rpc: '/user.v1.UserService/GetUser', isStream: false }]);
    expect(requests[0]?.deadlineInMs).toBeGreaterThan(0);
    expect(await show('/admin/inflight?limit=1')).toMatchObject({ notListed: 0 });
    abort.abort();
    await pending;
    await gateway.sandbox.setFault('user', { mode: 'none' });
    await expect.poll(async () => (await show('/admin/inflight'))['count']).toBe(0);
  });

  it('has the settings without their secrets', async () => {
    const config = await show('/admin/config');
    expect(config).toMatchObject({ upstreams: { user: { name: 'user' } }, admin: { host: '127.0.0.1' } });
    expect(JSON.stringify(config)).not.toContain(SECRET);
    const { JWT_SECRET: secret = SECRET } = gateway.sandbox.gatewayEnv();
    expect(JSON.stringify(config)).not.toContain(secret);
  });

  it('has caches, sessions and keys', async () => {
    expect(await show('/admin/cache')).toMatchObject({
      response: { maxBytes: expect.any(Number) as number, hits: expect.any(Number) as number },
      auth: { entries: expect.any(Number) as number, hits: { l1: expect.any(Number) as number } },
    });
    expect(await show('/admin/sessions')).toEqual({ enabled: false, providers: [], store: null, count: null });
    expect(await show('/admin/keys')).toMatchObject({ ready: true });
  });

  it('has the decision of a request of late', async () => {
    const id = (await alice.get(USER)).headers.get('x-request-id') ?? '';
    await expect
      .poll(async () => (await callAdmin(gateway, 'GET', `/admin/requests/${id}`)).json())
      .toMatchObject({
        id,
        tenant: 'acme',
        status: 200,
        code: null,
        route: '/api/v1/users/{user_id}',
        upstream: 'user',
        grpcCode: 'OK',
        outcome: 'allow',
        decisionReason: 'ACCESS_LEVEL_MATCH',
        timings: { totalMs: expect.any(Number) as number },
      });
    await expectFetchProblem(await callAdmin(gateway, 'GET', '/admin/requests/nobody'), 'NOT_FOUND');
  });

  it('has the last errors, the newest first, and the changes of circuits', async () => {
    await gateway.sandbox.setFault('user', { mode: 'down' });
    for (let n = 0; n < 8; n++) await alice.get(USER);
    await gateway.sandbox.setFault('user', { mode: 'none' });
    const { errors } = (await show('/admin/errors')) as { errors: Json[] };
    expect(errors[0]).toMatchObject({ status: 503, code: 'CIRCUIT_OPEN', upstream: 'user', failureDomain: 'upstream' });
    expect(errors[0]?.['cause']).toContain('circuit breaker is open');
    expect(errors.map(({ code }) => code)).toContain('UPSTREAM_UNAVAILABLE');
    const { transitions } = (await show('/admin/circuits')) as { transitions: Json[] };
    expect(transitions[0]).toMatchObject({ upstream: 'user', calls: 'read', to: 'open' });
    const { upstreams } = (await show('/admin/upstreams')) as { upstreams: { endpoints: Json[] }[] };
    expect(upstreams[1]?.endpoints[0]).toMatchObject({ lastFailure: { reason: expect.any(String) as string } });
  });

  it.each(['limit=0', 'limit=1001', 'limit=x', 'limits=1'])('refuses a list with %s', async (query) => {
    await expectFetchProblem(await callAdmin(gateway, 'GET', `/admin/inflight?${query}`), 'INVALID_ARGUMENT');
  });

  it('has one line for each look', async () => {
    const before = adminActions(gateway.lines).length;
    await show('/admin/routes');
    await expect.poll(() => adminActions(gateway.lines).length).toBe(before + 1);
  });
});

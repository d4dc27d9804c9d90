import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { adminOrigin, callAdmin } from '../support/admin.js';
import { Client } from '../support/client.js';
import { startTestGateway, type TestGateway } from '../support/gateway.js';
import { metric } from '../support/metrics.js';
import { expectFetchProblem } from '../support/problem.js';

let gateway: TestGateway;
let alice: Client;
beforeAll(async () => {
  gateway = await startTestGateway({
    env: { GATEWAY_ADMIN_ADDR: '127.0.0.1:0', RATE_LIMIT_RPS: '1', RATE_LIMIT_BURST: '5' },
  });
  alice = await Client.of(gateway, 'alice@acme.test');
});
afterAll(() => gateway.close());

const PRINCIPAL = { tenant: 'acme', permissions: ['user.read'] };
const USER = { path: '/api/v1/users/acme-alice', principal: PRINCIPAL };

function post(body: object): Promise<Response> {
  return fetch(`${adminOrigin(gateway)}/admin/dry-run`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
}

async function dryRun(body: object): Promise<Record<string, unknown>> {
  const response = await post(body);
  expect(response.status).toBe(200);
  return (await response.json()) as Record<string, unknown>;
}

describe('a request that is only described', () => {
  it('has its route, decision, limits and the gRPC request that it would become', async () => {
    expect(await dryRun(USER)).toMatchObject({
      notice: 'Nothing was sent, counted or taken from a rate.',
      route: { verb: 'GET', template: '/api/v1/users/{user_id}', rpc: 'user.v1.UserService.GetUser' },
      identity: { source: 'described', isVerified: false, tenantId: 'acme' },
      decision: { allowed: true, code: null, reason: 'ACCESS_LEVEL_MATCH' },
      limits: expect.arrayContaining([
        expect.objectContaining({ scope: 'tenant', capacity: 5, remaining: 5, waitMs: 0 }),
      ]) as [],
      request: {
        upstream: 'user',
        rpc: '/user.v1.UserService/GetUser',
        message: { userId: 'acme-alice' },
        deadlineMs: expect.any(Number) as number,
      },
    });
  });

  it('has the identity of its token, verified as usual', async () => {
    const headers = { Authorization: `Bearer ${alice.token}` };
    expect(await dryRun({ path: USER.path, headers })).toMatchObject({
      identity: { source: 'token', isVerified: true, tenantId: 'acme' },
      decision: { allowed: true },
    });
    const broken = { Authorization: `Bearer ${alice.token.slice(0, -4)}AAAA` };
    expect(await dryRun({ path: USER.path, headers: broken })).toMatchObject({
      decision: { allowed: false, status: 401, code: 'UNAUTHENTICATED' },
      request: null,
    });
  });

  it('has its body read as a request has', async () => {
    const principal = { tenant: 'acme', permissions: ['user.*'] };
    const create = { method: 'POST', path: '/api/v1/users', principal };
    const { request } = await dryRun({ ...create, body: { email: 'new@acme.test', displayName: 'New' } });
    expect(request).toMatchObject({
      rpc: '/user.v1.UserService/CreateUser',
      message: { tenantId: 'acme', email: 'new@acme.test' },
    });
    expect(await dryRun({ ...create, body: { mail: 'x' } })).toMatchObject({
      decision: { allowed: false, status: 400, code: 'UNKNOWN_FIELD' },
      steps: expect.arrayContaining([expect.objectContaining({ step: 'decode', outcome: 'refused' })]) as [],
    });
  });

  it.each<[string, object, object]>([
    ['no route', { path: '/nope' }, { status: 404, code: 'ROUTE_NOT_FOUND' }],
    ['another method', { path: USER.path, method: 'POST' }, { status: 405, code: 'METHOD_NOT_ALLOWED' }],
    ['nobody', { path: USER.path }, { status: 401, reason: 'NO_CREDENTIALS' }],
    ['an API key', { path: USER.path, headers: { 'X-Api-Key': 'sk-sandbox-globex' } }, { code: 'FAILED_PRECONDITION' }],
    ['no right', { ...USER, principal: { tenant: 'acme' } }, { status: 403, reason: 'ACCESS_LEVEL_MISSING' }],
    ['a wrong query', { ...USER, path: `${USER.path}?nope=1` }, { status: 400, code: 'UNKNOWN_FIELD' }],
  ])('is refused for %s as a client would be', async (_what, body, decision) => {
    const shown = await dryRun(body);
    expect(shown['decision']).toMatchObject({ allowed: false, ...decision });
    expect(shown['request']).toBeNull();
  });

  it('meets an open circuit', async () => {
    await callAdmin(gateway, 'POST', '/admin/circuits/user/open');
    expect((await dryRun(USER))['decision']).toMatchObject({ allowed: false, code: 'CIRCUIT_OPEN', status: 503 });
    await callAdmin(gateway, 'POST', '/admin/circuits/user/reset');
  });

  it('meets a rate that is used up', async () => {
    for (let n = 0; n < 8; n++) await alice.get(USER.path);
    expect((await dryRun(USER))['decision']).toMatchObject({ allowed: false, code: 'RATE_LIMITED', status: 429 });
  });

  it('is not sent, counted, logged or taken from a rate', async () => {
    const calls = () => gateway.sandbox.calls.list().filter(({ method }) => !method.includes('Health')).length;
    const rejections = () =>
      metric(gateway.url, 'gateway_circuit_rejections_total', { upstream: 'user', reason: 'open' });
    const buckets = () => metric(gateway.url, 'rate_limit_active_limiters', { scope: 'tenant' });
    const denied = () => metric(gateway.url, 'rate_limit_requests_total', { scope: 'tenant', outcome: 'denied' });
    const before = [calls(), await rejections(), await buckets(), await denied()];
    const globex = { ...USER, principal: { ...PRINCIPAL, tenant: 'never-seen' } };
    for (let n = 0; n < 10; n++) await dryRun(globex);
    expect(await dryRun(globex)).toMatchObject({
      decision: { allowed: true },
      limits: [{ scope: 'ip' }, { remaining: 5 }],
    });
    expect([calls(), await rejections(), await buckets(), await denied()]).toEqual(before);
    const lines = gateway.lines.filter(({ request_id }) => request_id === 'dry-run');
    expect(lines).toEqual([]);
  });

  it.each<[string, object]>([
    ['no path', {}],
    ['a path that is none', { path: 'api' }],
    ['another member', { ...USER, tenant: 'acme' }],
    ['a principal without a tenant', { ...USER, principal: {} }],
    ['another method', { ...USER, method: 'TRACE' }],
    ['a header that is none', { ...USER, headers: { 'a b': 'c' } }],
  ])('is refused when it is described with %s', async (_what, body) => {
    const problem = await expectFetchProblem(await post(body), 'INVALID_ARGUMENT');
    expect(problem['detail']).toContain('known: method, path, headers, body, principal, address');
  });
});

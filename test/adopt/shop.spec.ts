import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Contract } from '../../src/contract/contract.js';
import { Pipelines } from '../../src/edge/pipeline/pipelines.js';
import type { Breakers } from '../../src/traffic/breakers.js';
import { Protection } from '../../src/traffic/protection.js';
import { run } from '../../src/cli/program.js';
import { Client } from '../support/client.js';
import { startTestGateway, type TestGateway } from '../support/gateway.js';
import { expectFetchProblem } from '../support/problem.js';
import { journal } from './shop/journal.js';

const MODULES = join(import.meta.dirname, 'shop/shop.module.ts');

let gateway: TestGateway;
let alice: Client;
let breakers: Breakers;

beforeAll(async () => {
  gateway = await startTestGateway({ env: { GATEWAY_MODULES: MODULES } });
  alice = await Client.of(gateway, 'alice@acme.test');
  breakers = gateway.gateway.app.get(Protection).breakers;
});
afterAll(() => gateway.close());
beforeEach(() => void journal.splice(0));

const ORDER = ['OpeningHoursGuard http ShopUserController users', 'StopwatchInterceptor begins', 'EnvelopeInterceptor'];

describe('a generated route of a replaced controller', () => {
  it("runs the application's guard, its RxJS interceptors around the call, and sends what they make of the response", async () => {
    const response = await alice.get('/api/v1/users?page_size=2');
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ data: { users: [{}, {}] } });
    expect(journal).toEqual([...ORDER, 'StopwatchInterceptor ends']);
  });

  it("is refused by the gateway's guards before the application's", async () => {
    await expectFetchProblem(await fetch(`${gateway.url}/api/v1/users`), 'UNAUTHENTICATED');
    expect(journal).toEqual([]);
  });

  it("is refused by the application's guard, before a rate is used up or the backend is asked", async () => {
    gateway.sandbox.calls.clear();
    const response = await alice.get('/api/v1/users', { 'x-hours': 'closed' });
    await expectFetchProblem(response, 'PERMISSION_DENIED');
    expect(response.headers.get('ratelimit')).not.toContain('tenant');
    expect(gateway.sandbox.calls.list().filter(({ upstream }) => upstream === 'user')).toEqual([]);
  });

  it('is answered by an interceptor that does not call on', async () => {
    const response = await alice.get('/api/v1/users', { 'x-stock': 'known' });
    expect([response.status, await response.json()]).toEqual([200, { known: true }]);
  });

  it("has the application's filter answer the application's errors, and the gateway's all others", async () => {
    const response = await alice.get('/api/v1/users', { 'x-stock': 'none' });
    expect([response.status, await response.json()]).toEqual([410, { stock: 0 }]);
    expect(journal).toEqual([...ORDER, 'OutOfStockFilter']);
    await expectFetchProblem(await alice.get('/api/v1/users?page_size=x'), 'INVALID_ARGUMENT');
  });

  it('keeps the guard of an explicit method', async () => {
    await expectFetchProblem(await alice.send('DELETE', '/api/v1/users/usr_nobody'), 'PERMISSION_DENIED');
    expect(journal).toEqual(['OpeningHoursGuard http ShopUserController users', 'StaffGuard']);
    await expectFetchProblem(
      await alice.send('DELETE', '/api/v1/users/usr_nobody', undefined, { 'x-staff': 'yes' }),
      'NOT_FOUND',
    );
    expect(journal.at(-1)).toBe('DeleteUser');
  });

  it('calls another service by ClientGrpc from an explicit method, in the name of the caller', async () => {
    gateway.sandbox.calls.clear();
    const response = await alice.get('/api/v1/users/acme-alice');
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({
      data: { id: 'acme-alice', displayName: expect.stringMatching(/ of Acme/) },
    });
    expect(journal).toEqual([...ORDER, 'GetUser', 'StopwatchInterceptor ends']);
    const calls = gateway.sandbox.calls.list().filter(({ method }) => /GetUser|GetTenant$/.test(method));
    expect(calls.map(({ method, metadata }) => [method, metadata['x-gateway-tenant']])).toEqual([
      ['/user.v1.UserService/GetUser', ['acme']],
      ['/tenant.v1.TenantService/GetTenant', ['acme']],
    ]);
  });

  it('that no interceptor of the application stands at is untouched', async () => {
    const response = await alice.get('/api/v1/tenants/acme');
    expect(response.status).toBe(200);
    expect(journal).toEqual([
      'OpeningHoursGuard http TenantController -',
      'StopwatchInterceptor begins',
      'StopwatchInterceptor ends',
    ]);
  });
});

describe('an ordinary controller', () => {
  it("is behind the gateway's guards and interceptors, and the application's", async () => {
    const response = await alice.get('/shop/shelves');
    expect([response.status, await response.json()]).toEqual([200, { shelves: ['tea', 'coffee'] }]);
    expect(response.headers.get('ratelimit')).toMatch(/"tenant";r=\d+/);
    expect(journal).toEqual([
      'OpeningHoursGuard http ShelvesController -',
      'StopwatchInterceptor begins',
      'StopwatchInterceptor ends',
    ]);
    await expectFetchProblem(await fetch(`${gateway.url}/shop/shelves`), 'UNAUTHENTICATED');
  });

  it('reads its query as in any NestJS application', async () => {
    expect(await (await alice.get('/shop/shelves?kind=a%20b')).json()).toEqual({ shelves: ['a b'] });
  });

  it('that declares no access lets nobody in', async () => {
    await expectFetchProblem(await alice.get('/shop/shelves/undeclared'), 'PERMISSION_DENIED');
    expect(journal).toEqual([]);
  });
});

describe('an open circuit breaker', () => {
  beforeEach(() => void breakers.open('user'));
  afterEach(() => void breakers.reset('user'));

  it.each(['/api/v1/users', '/shop/shelves'])('refuses %s before the application does anything', async (path) => {
    const response = await alice.get(path);
    await expectFetchProblem(response, 'CIRCUIT_OPEN');
    expect(response.headers.get('retry-after')).toMatch(/^\d+$/);
    expect(journal).toEqual([expect.stringMatching(/^OpeningHoursGuard/)]);
  });
});

it('gateway explain prints the order in which they run', async () => {
  const out: string[] = [];
  const terminal = { out: (line: string) => void out.push(line), err: (line: string) => void out.push(line) };
  const env = { ...gateway.sandbox.gatewayEnv(), GATEWAY_MODULES: MODULES };
  expect(await run(['explain', 'DELETE', '/api/v1/users/usr_1'], terminal as never, env)).toBe(0);
  const said = Object.fromEntries(out.slice(1).map((line) => line.trim().split(/\s{2,}/)));
  expect(said.guards).toBe('AuthenticationGuard, TenantGuard, RolesGuard, OpeningHoursGuard, StaffGuard');
  expect(said.interceptors).toBe(
    'RateLimitInterceptor, CircuitBreakerInterceptor, StopwatchInterceptor, EnvelopeInterceptor',
  );
  expect(said.filters).toMatch(/^ProblemFilter, OutOfStockFilter /);
  const route = gateway.gateway.app
    .get(Contract)
    .routes.find(({ route: { verb, template } }) => verb === 'DELETE' && template === '/api/v1/users/{user_id}');
  const { names } = gateway.gateway.app.get(Pipelines).of(route!.route)!;
  expect([said.guards, said.interceptors, said.handler].join(', ')).toBe(names.join(', '));
});

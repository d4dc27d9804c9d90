import { Controller, Get, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { covers, permissionsOf } from '../../sandbox/auth/permissions.js';
import { PEOPLE } from '../../sandbox/data/seed.js';
import { Access } from '../../src/access/access.decorator.js';
import { AppModule } from '../../src/app.module.js';
import { parseEnvironment } from '../../src/config/environment.js';
import { Contract } from '../../src/contract/contract.js';
import { loadDescriptors } from '../../src/contract/descriptors.js';
import type { Route } from '../../src/contract/route.js';
import { HttpServer } from '../../src/edge/http-server.js';
import { RequestLifecycle } from '../../src/edge/request-lifecycle.js';
import { createLogger } from '../../src/observe/logger.js';
import { observe } from '../../src/observe/observe.module.js';
import { Client } from '../support/client.js';
import { type LogLine, startTestGateway, type TestGateway } from '../support/gateway.js';
import { expectFetchProblem } from '../support/problem.js';
import { type ServedRoute, servedRoutes } from './route-tree.js';

/** Whoever opens a route to the world writes it here as well. */
const OPEN = [
  'POST /api/v1/auth/login',
  'POST /api/v1/auth/refresh',
  'POST /api/v1/auth/register',
  'GET /api/v1/auth/tenants/:tenant_id/login-config',
  'GET /',
  'GET /docs',
  'GET /docs/errors',
  'GET /docs/favicon-32x32.png',
  'GET /docs/home.js',
  'GET /docs/init.js',
  'GET /docs/swagger-ui-bundle.js',
  'GET /docs/swagger-ui.css',
  'GET /openapi.json',
  'GET /livez',
  'GET /readyz',
  'GET /startupz',
  'GET /ready',
  'GET /health',
  'GET /healthz',
  'GET /metrics',
];

let gateway: TestGateway;

beforeAll(async () => void (gateway = await startTestGateway({ env: { LOG_LEVEL: 'debug' } })));
afterAll(() => gateway.close());
beforeEach(() => gateway.sandbox.calls.clear());

async function lineOf(requestId: string): Promise<LogLine> {
  const find = () => gateway.lines.find((line) => line.request_id === requestId);
  await expect.poll(find).toBeDefined();
  return find() ?? {};
}

describe('every route of the running gateway', () => {
  it('says who may call it, and open ones are those of a list', async () => {
    const routes = servedRoutes(gateway).filter(({ path }) => path !== '/*');
    const open: string[] = [];
    for (const [index, route] of routes.entries()) {
      const label = `${route.method} ${route.path}`;
      const line = await callWithout(route, `walk-${index}`);
      expect(line.endpoint_type, label).toMatch(/^(OPEN|AUTHENTICATED|ACCESS_CONTROLLED)$/);
      if (line.endpoint_type === 'OPEN') open.push(label);
      else expect([line.status, line.decision_reason], label).toEqual([401, 'NO_CREDENTIALS']);
    }
    expect(routes.length).toBeGreaterThan(50);
    expect(open.filter((label) => !label.startsWith('HEAD ')).sort()).toEqual(OPEN.toSorted());
  });

  async function callWithout({ method, path }: ServedRoute, requestId: string): Promise<LogLine> {
    const url = gateway.url + path.replaceAll(/\/:\w+/g, '/acme');
    const body = method === 'GET' || method === 'HEAD' ? {} : { body: '{}' };
    const headers = { 'content-type': 'application/json', 'x-request-id': requestId };
    await (await fetch(url, { method, headers, ...body })).arrayBuffer();
    return lineOf(requestId);
  }
});

describe('every RPC lets in those whom its policy names', () => {
  it.each(PEOPLE.map(({ email, role, tenantId }) => [email, role, tenantId] as const))('%s, %s', async (...person) => {
    const [email, role, tenantId] = person;
    const held = permissionsOf([role]);
    await (await Client.of(gateway, email)).get('/api/v1/me');
    const { routes } = gateway.gateway.app.get(Contract);
    let refused = 0;
    for (const [index, { route }] of routes.entries()) {
      const { policy } = route.method;
      // A token of its own for each: Logout ends the one it is called with.
      const client = await Client.of(gateway, email);
      const isAllowed = policy.access !== 'ACCESS_CONTROLLED' || policy.permissions.every((each) => covers(held, each));
      await expectOutcome(route, isAllowed, () => send(client, route, tenantId, `${role}-${tenantId}-${index}`));
      if (!isAllowed) refused += 1;
    }
    expect(refused).toBe({ admin: 2, viewer: 12, super_admin: 0 }[role]);
  });

  async function expectOutcome(route: Route, isAllowed: boolean, call: () => Promise<Response>): Promise<void> {
    gateway.sandbox.calls.clear();
    const response = await call();
    const label = `${route.verb} ${route.template}`;
    if (isAllowed) {
      expect([401, 403], `${label} answered ${response.status}`).not.toContain(response.status);
      expect(response.status, label).toBeLessThan(500);
      return void (await response.arrayBuffer());
    }
    await expectFetchProblem(response, 'PERMISSION_DENIED');
    const line = await lineOf(response.headers.get('x-request-id') ?? '');
    expect(line, label).toMatchObject({ decision_reason: 'ACCESS_LEVEL_MISSING', bitmap_authz_used: true });
    expect(gateway.sandbox.calls.list(), label).toEqual([]);
  }

  function send(client: Client, route: Route, tenantId: string, requestId: string): Promise<Response> {
    const path = route.template.replace('{tenant_id}', tenantId).replace('{user_id}', 'nobody');
    const body = route.body === undefined ? undefined : {};
    return client.send(route.verb, path, body, { 'x-request-id': requestId });
  }

  it('whatever the path is dressed up as', async () => {
    const bob = await Client.of(gateway, 'bob@acme.test');
    await bob.get('/api/v1/me');
    gateway.sandbox.calls.clear();
    for (const path of ['/api/v1/%75sers', '/api//v1/users', '/api/v1/users/', '/API/v1/users', '/api/v1/users%2F']) {
      expect([401, 404], path).toContain((await fetch(gateway.url + path)).status);
      expect([400, 403, 404, 405], path).toContain((await bob.send('DELETE', `${path}/acme-alice`)).status);
      expect([400, 403, 404, 405], path).toContain((await bob.send('POST', path, {})).status);
    }
    expect(gateway.sandbox.calls.list()).toEqual([]);
  });
});

@Controller('bare')
class BareController {
  @Get()
  nobodySaidWhoMay(): string {
    return 'leaked';
  }

  @Get('open')
  @Access('OPEN')
  open(): string {
    return 'meant';
  }
}

@Module({})
class WithBareController {}

it('a route that does not say who may call it is nobody’s', async () => {
  const config = parseEnvironment({ ...gateway.sandbox.gatewayEnv(), API_GATEWAY_PORT: '0', LOG_LEVEL: 'silent' });
  const logger = createLogger(config, 'test', { write: () => undefined, dropped: 0 });
  const http = new HttpServer(config);
  const parts = { config, descriptors: loadDescriptors(), observation: await observe(config, logger, '0') };
  const module = { module: WithBareController, imports: [AppModule.create(parts)], controllers: [BareController] };
  const adapter = new FastifyAdapter(http.fastify);
  const app = await NestFactory.create<NestFastifyApplication>(module, adapter, { bodyParser: false, logger: false });
  try {
    http.use(app.get(RequestLifecycle));
    await app.listen(0, '127.0.0.1');
    const url = await app.getUrl();
    const root = new Client(url, await gateway.sandbox.issueToken('root@platform.test'));
    expect((await root.get('/bare/open')).status).toBe(200);
    for (const response of [await root.get('/bare'), await fetch(`${url}/bare`), await root.send('HEAD', '/bare')]) {
      expect(response.status).toBe(403);
      expect(response.headers.get('x-gateway-error')).toBe('PERMISSION_DENIED');
      expect(await response.text()).not.toContain('leaked');
    }
  } finally {
    await app.close();
  }
});

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Client } from '../support/client.js';
import { lineOf, startTestGateway, type TestGateway } from '../support/gateway.js';
import { expectFetchProblem } from '../support/problem.js';

const ENTITLEMENTS = '/tenant.v1.TenantService/GetEntitlements';

let gateway: TestGateway;

beforeAll(async () => void (gateway = await startTestGateway()));
afterAll(() => gateway.close());

const asked = () => gateway.sandbox.calls.list().filter(({ method }) => method === ENTITLEMENTS);

function suspend(id: string): void {
  const tenant = gateway.sandbox.directory.tenants.get(id);
  if (tenant === undefined) throw new Error(`no tenant ${id}`);
  gateway.sandbox.directory.tenants.set(id, { ...tenant, suspended: true });
}

describe('a suspended tenant', () => {
  it('is refused on every route but open ones, and no other tenant is', async () => {
    suspend('globex');
    const carol = await Client.of(gateway, 'carol@globex.test');
    const refused = [
      () => carol.get('/api/v1/users'),
      () => carol.get('/api/v1/me'),
      () => carol.get('/api/v1/tenants/globex'),
      () => carol.send('POST', '/api/v1/users', { email: 'x@globex.test', username: 'xx' }),
      () => carol.send('POST', '/api/v1/ai', { query: 'hello' }),
      () => carol.send('POST', '/api/v1/ai:stream', { query: 'hello' }),
      () => carol.send('POST', '/api/v1/auth/logout', {}),
    ];
    for (const send of refused) {
      const response = await send();
      await expectFetchProblem(response, 'TENANT_SUSPENDED');
      const denied = { decision_reason: 'TENANT_SUSPENDED', outcome: 'deny' };
      expect(await lineOf(gateway, response)).toMatchObject(denied);
    }
    expect(
      gateway.sandbox.calls.list().filter(({ metadata }) => metadata['x-gateway-tenant']?.[0] === 'globex'),
    ).toEqual(asked());
    const open = await carol.send('POST', '/api/v1/auth/login', { identifier: 'carol@globex.test', password: 'wrong' });
    expect(open.status).toBe(401);
    expect((await carol.get('/health')).status).toBe(200);
    expect((await (await Client.of(gateway, 'alice@acme.test')).get('/api/v1/users')).status).toBe(200);
  });

  it('is asked about once for many requests', async () => {
    gateway.sandbox.calls.clear();
    const root = await Client.of(gateway, 'root@platform.test');
    await Promise.all(Array.from({ length: 30 }, () => root.get('/api/v1/users/platform-root')));
    expect(asked()).toHaveLength(1);
    expect(asked()[0]?.metadata).toMatchObject({
      'x-gateway-tenant': ['platform'],
      'x-gateway-subject': ['api-gateway'],
    });
  });
});

describe('while TenantService is away', () => {
  it('a tenant that nothing is known of keeps its other services', async () => {
    const token = await gateway.sandbox.issueToken('bob@acme.test', { tenant_id: 'unheard-of' });
    const stranger = new Client(gateway.url, token);
    await gateway.sandbox.setFault('tenant', { mode: 'down' });
    expect((await stranger.get('/api/v1/users')).status).toBe(200);
    await expectFetchProblem(
      await (await Client.of(gateway, 'carol@globex.test')).get('/api/v1/users'),
      'TENANT_SUSPENDED',
    );
    await gateway.sandbox.setFault('tenant', { mode: 'none' });
  });
});

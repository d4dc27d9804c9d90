import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { addTenants } from '../support/tenants.js';
import { Client } from '../support/client.js';
import { NO_CIRCUIT } from '../support/fault-settings.js';
import { lastRequest, startTestGateway, type TestGateway } from '../support/gateway.js';
import { expectFetchProblem } from '../support/problem.js';

const CHECK = '/auth.v1.AuthService/CheckPermission';

let gateway: TestGateway;

beforeAll(async () => void (gateway = await startTestGateway({ env: NO_CIRCUIT })));
afterAll(() => gateway.close());
beforeEach(() => gateway.sandbox.calls.clear());

/** A client whose token carries these rights alone. */
async function holding(permissions: string[] | undefined, roles?: string[], user = 'alice@acme.test'): Promise<Client> {
  return new Client(gateway.url, await gateway.sandbox.issueToken(user, { permissions, roles }));
}

const checks = () => gateway.sandbox.calls.list().filter(({ method }) => method === CHECK);
const lastLine = () => lastRequest(gateway);

describe('a permission in a token', () => {
  it.each([
    ['user.read', 200],
    ['user:read:tenant', 200],
    ['user:read:all', 200],
    ['user.*', 200],
    ['user:*:all', 200],
    ['*', 200],
    ['user:read:own', 403],
    ['user.write', 403],
    ['users.read', 403],
    ['USER.READ', 403],
    ['user.read ', 403],
    ['user', 403],
    ['user:read:any', 403],
    ['', 403],
  ])('%j answers a read of the tenant with %i', async (permission, status) => {
    const client = await holding([permission]);
    expect((await client.get('/api/v1/users')).status).toBe(status);
    expect(lastLine()).toMatchObject({
      bitmap_authz_used: true,
      decision_reason: status === 200 ? 'ACCESS_LEVEL_MATCH' : 'ACCESS_LEVEL_MISSING',
    });
    expect(checks()).toEqual([]);
  });

  it.each([
    ['user:read:all', 200],
    ['*', 200],
    ['user.read', 403],
    ['user:write:all', 403],
  ])('%j answers a read of another tenant with %i', async (permission, status) => {
    const client = await holding([permission]);
    expect((await client.get('/api/v1/users?tenant_id=globex')).status).toBe(status);
  });

  it('does not count where none is asked for', async () => {
    const client = await holding(['user:read:own']);
    expect((await client.get('/api/v1/me')).status).toBe(200);
    expect(lastLine()).toMatchObject({ bitmap_authz_used: false, decision_reason: 'AUTHENTICATED' });
  });
});

describe('a credential that names no rights', () => {
  it('has those that AuthService knows of', async () => {
    const bob = await holding(undefined, undefined, 'bob@acme.test');
    expect((await bob.get('/api/v1/users')).status).toBe(200);
    expect(lastLine()).toMatchObject({ bitmap_authz_used: false, decision_reason: 'ACCESS_LEVEL_MATCH' });
    await expectFetchProblem(await bob.send('DELETE', '/api/v1/users/acme-alice'), 'PERMISSION_DENIED');
    expect(lastLine()?.decision_reason).toBe('ACCESS_LEVEL_MISSING');
    expect(gateway.sandbox.directory.users.has('acme-alice')).toBe(true);
    expect(checks()).toHaveLength(2);
  });

  it('is asked about once a while, both for what it may and for what it may not', async () => {
    const bob = await holding(undefined, [], 'bob@acme.test');
    await Promise.all(Array.from({ length: 20 }, () => bob.get('/api/v1/tenants/acme')));
    await Promise.all(Array.from({ length: 20 }, () => bob.send('DELETE', '/api/v1/tenants/acme/users/acme-bob')));
    expect(checks()).toHaveLength(2);
    expect(checks()[0]?.metadata).toMatchObject({ 'x-gateway-tenant': ['acme'], 'x-gateway-subject': ['acme-bob'] });
  });

  it('reaches over tenants only where the endpoint asks for nothing less', async () => {
    const root = await holding(undefined, undefined, 'root@platform.test');
    await expectFetchProblem(await root.get('/api/v1/users?tenant_id=globex'), 'TENANT_MISMATCH');
    addTenants(gateway.sandbox.directory, ['shortlived']);
    expect((await root.send('DELETE', '/api/v1/tenants/shortlived')).status).toBe(204);
  });

  it('is neither let in nor refused while AuthService cannot say', async () => {
    const warm = await holding(undefined, undefined, 'bob@acme.test');
    expect((await warm.get('/api/v1/users')).status).toBe(200);
    const cold = await holding(undefined, undefined, 'carol@globex.test');
    await gateway.sandbox.setFault('auth', { mode: 'down' });
    const response = await cold.get('/api/v1/users');
    await expectFetchProblem(response, 'AUTH_UNAVAILABLE');
    expect(response.headers.get('retry-after')).toMatch(/^\d+$/);
    expect(lastLine()).toMatchObject({
      logType: 'AUTH_UNAVAILABLE',
      decision_reason: 'AUTH_UPSTREAM_UNAVAILABLE',
      outcome: 'error',
    });
    expect((await warm.get('/api/v1/users')).status).toBe(200);
    expect((await (await holding(['user.read'])).get('/api/v1/users')).status).toBe(200);
    await gateway.sandbox.setFault('auth', { mode: 'none' });
    await expect.poll(async () => (await cold.get('/api/v1/users')).status).toBe(200);
  });
});

describe('a refusal', () => {
  it('says nothing of how rights are cut', async () => {
    const client = await holding(['ai.use']);
    const body = await expectFetchProblem(await client.get('/api/v1/users'), 'PERMISSION_DENIED');
    expect(JSON.stringify(body)).not.toMatch(/user\.read|user:read/);
  });

  it('names what is missing where operators want it to', async () => {
    const open = await startTestGateway({ env: { GATEWAY_EXPOSE_AUTHZ_DETAIL: 'true' } });
    try {
      const client = new Client(open.url, await open.sandbox.issueToken('bob@acme.test'));
      const body = await expectFetchProblem(
        await client.send('DELETE', '/api/v1/users/acme-alice'),
        'PERMISSION_DENIED',
      );
      expect(body.detail).toBe(
        'The caller lacks a permission that this endpoint requires. Required: user.write. Missing: user.write.',
      );
    } finally {
      await open.close();
    }
  });
});

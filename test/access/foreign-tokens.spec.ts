import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startSandbox } from '../../sandbox/environment.js';
import { lineOf, startTestGateway, type TestGateway } from '../support/gateway.js';
import { expectFetchProblem } from '../support/problem.js';

/** Of the customer acme, with claims of its own. */
const CUSTOMER = 'https://login.acme.example';
/** Issuers whose tokens list rights as scopes. */
const SCOPED = 'https://scopes.example';

const ROLES = 'roles:\n  reader: [user.read]\n  root: ["*"]\n';

let gateway: TestGateway;
let directory: string;
let roleFile: string;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'roles-'));
  roleFile = join(directory, 'roles.yaml');
  writeFileSync(roleFile, ROLES);
  const sandbox = await startSandbox({ faultServer: false, idp: false });
  const env = {
    GATEWAY_JWT_ISSUERS: `${CUSTOMER}=${sandbox.jwksUrl},${SCOPED}=${sandbox.jwksUrl}`,
    GATEWAY_JWT_ISSUER_TENANTS: `${CUSTOMER}=acme`,
    GATEWAY_JWT_CLAIM_TENANT: `tenant_id,${CUSTOMER}=org.id`,
    GATEWAY_JWT_CLAIM_ROLES: `roles,${CUSTOMER}=realm_access.roles`,
    GATEWAY_JWT_CLAIM_PERMISSIONS: `${SCOPED}=scope`,
    GATEWAY_ROLE_PERMISSIONS: roleFile,
    GATEWAY_HEALTH_INTERVAL: '1h',
  };
  gateway = await startTestGateway({ sandbox, env, reread: () => ({}) });
});
afterAll(async () => {
  await gateway.close();
  rmSync(directory, { recursive: true });
});
beforeEach(() => gateway.sandbox.calls.clear());

type Claims = Readonly<Record<string, unknown>>;

/** Sends a request with a new token, whose tenant, roles and permissions are those of `claims` alone. */
async function ask(claims: Claims, path = '/api/v1/users'): Promise<Response> {
  return send(await issue(claims), path);
}

function issue(claims: Claims): Promise<string> {
  const bare = { tenant_id: undefined, roles: undefined, permissions: undefined };
  return gateway.sandbox.issueToken('alice@acme.test', { ...bare, ...claims });
}

function send(token: string, path = '/api/v1/users'): Promise<Response> {
  return fetch(gateway.url + path, { headers: { authorization: `Bearer ${token}` } });
}

const called = () =>
  gateway.sandbox.calls.list().filter(({ upstream }) => upstream !== 'jwks' && upstream !== 'tenant');
const OF_ACME = { iss: CUSTOMER, org: { id: 'acme' }, realm_access: { roles: ['reader'] } };

describe('an issuer that is bound to a tenant', () => {
  it.each<[string, Claims]>([
    ['names its tenant', OF_ACME],
    ['need not name it', { ...OF_ACME, org: undefined }],
  ])('%s', async (_what, claims) => {
    expect((await ask(claims)).status).toBe(200);
    const [call] = called();
    expect(call?.metadata).toMatchObject({ 'x-gateway-tenant': ['acme'], 'x-gateway-permissions': ['user.read'] });
  });

  it('cannot issue for another one', async () => {
    const response = await ask({ ...OF_ACME, org: { id: 'globex' } });
    await expectFetchProblem(response, 'UNAUTHENTICATED');
    expect(await lineOf(gateway, response)).toMatchObject({ decision_reason: 'TOKEN_TENANT' });
    expect(called()).toEqual([]);
  });

  it.each<[string, Claims]>([
    ['a permission', { permissions: ['*'] }],
    ['a permission with the scope all', { permissions: ['user:read:all'] }],
    ['a role', { realm_access: { roles: ['root'] } }],
  ])('cannot reach across tenants by %s, as others can', async (_what, rights) => {
    const path = '/api/v1/users?tenant_id=globex';
    const response = await ask({ ...OF_ACME, ...rights }, path);
    await expectFetchProblem(response, 'TENANT_MISMATCH');
    const { realm_access: roles } = rights as { realm_access?: { roles: string[] } };
    expect((await ask({ tenant_id: 'acme', ...rights, ...roles }, path)).status).toBe(200);
  });
});

describe('a token whose rights are scopes', () => {
  it.each<[string, Claims, number]>([
    ['has those', { scope: 'openid user.read' }, 200],
    ['has no others', { scope: 'openid user.write' }, 403],
    ['has none where it has no scope', {}, 403],
    ['has none beside it', { permissions: ['*'] }, 403],
  ])('%s, and AuthService is not asked', async (_what, claims, status) => {
    expect((await ask({ iss: SCOPED, tenant_id: 'acme', ...claims })).status).toBe(status);
    expect(called().filter(({ upstream }) => upstream === 'auth')).toEqual([]);
  });
});

describe('a claim of the wrong kind is a 401 and never a 500', () => {
  const deep = (depth: number): unknown => (depth === 0 ? 'x' : { roles: deep(depth - 1) });
  it.each<[string, Claims]>([
    ['a number', { org: { id: 42 } }],
    ['an object', { realm_access: { roles: { admin: true } } }],
    ['null', { realm_access: { roles: null } }],
    ['a text for an object', { realm_access: 'reader' }],
    ['objects without end', { realm_access: deep(100) }],
    ['a long list', { realm_access: { roles: Array.from({ length: 501 }, (_, at) => `${at}`) } }],
    ['a list of lists', { realm_access: { roles: [['reader']] } }],
    ['a tenant list of several', { org: { id: ['acme', 'globex'] } }],
    ['permissions as an object', { permissions: {} }],
  ])('%s', async (_what, claims) => {
    const response = await ask({ ...OF_ACME, ...claims });
    await expectFetchProblem(response, 'UNAUTHENTICATED');
    const line = await lineOf(gateway, response);
    expect(line).toMatchObject({ decision_reason: 'MALFORMED_CREDENTIALS' });
    expect(JSON.stringify(line)).toMatch(/the claim (?:org\.id|realm_access\.roles|permissions) /);
  });
});

describe('the file of roles', () => {
  const status = async () => (await ask(OF_ACME)).status;

  it('is read anew when the gateway is reloaded, for tokens that are known as well', async () => {
    const token = await issue(OF_ACME);
    const now = async () => (await send(token)).status;
    expect(await now()).toBe(200);
    writeFileSync(roleFile, 'roles:\n  reader: []\n');
    expect(await now()).toBe(200);
    await gateway.gateway.reload();
    expect(await now()).toBe(403);
    writeFileSync(roleFile, ROLES);
    await gateway.gateway.reload();
    expect(await now()).toBe(200);
  });

  it('stays in force when its next version has a mistake', async () => {
    writeFileSync(roleFile, 'roles:\n  reader: [user.read]\n  root: nothing\n');
    await expect(gateway.gateway.reload()).rejects.toMatchObject({
      code: 'FAILED_PRECONDITION',
      errors: [
        expect.objectContaining({
          field: 'GATEWAY_ROLE_PERMISSIONS',
          detail: expect.stringContaining(`${roleFile}:3: `),
        }),
      ],
    });
    expect(await status()).toBe(200);
    writeFileSync(roleFile, ROLES);
    await gateway.gateway.reload();
  });
});

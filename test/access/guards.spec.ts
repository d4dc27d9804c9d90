import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { Authenticator } from '../../src/access/authenticator.js';
import { RolesGuard } from '../../src/access/roles.guard.js';
import { TenantGuard } from '../../src/access/tenant.guard.js';
import type { DecisionReason } from '../../src/domain/decision-reason.js';
import { Client } from '../support/client.js';
import { lastRequest, startTestGateway, type TestGateway } from '../support/gateway.js';
import { expectFetchProblem } from '../support/problem.js';

let gateway: TestGateway;
let alice: Client;

beforeAll(async () => {
  gateway = await startTestGateway();
  alice = await Client.of(gateway, 'alice@acme.test');
});
afterAll(() => gateway.close());
beforeEach(() => gateway.sandbox.calls.clear());

const get = (authorization?: string) =>
  fetch(`${gateway.url}/api/v1/users`, { headers: authorization === undefined ? {} : { authorization } });

function lastReason(): unknown {
  return lastRequest(gateway)?.decision_reason;
}

describe('a token is refused, its untouched twin is not', () => {
  const HOUR = 3600;
  const now = () => Math.floor(Date.now() / 1000);
  const claims: [string, DecisionReason, () => Record<string, unknown>][] = [
    ['expired', 'TOKEN_EXPIRED', () => ({ exp: now() - HOUR })],
    ['not valid yet', 'TOKEN_NOT_YET_VALID', () => ({ nbf: now() + HOUR })],
    ['issued in the future', 'TOKEN_NOT_YET_VALID', () => ({ iat: now() + HOUR })],
    ['without exp', 'MALFORMED_CREDENTIALS', () => ({ exp: undefined })],
    ['without sub', 'MALFORMED_CREDENTIALS', () => ({ sub: undefined })],
    ['of another audience', 'TOKEN_AUDIENCE', () => ({ aud: 'other' })],
    ['of another issuer', 'TOKEN_ISSUER', () => ({ iss: 'https://other.example' })],
    ['with permissions that are no list', 'MALFORMED_CREDENTIALS', () => ({ permissions: '*' })],
    ['with a tenant that is no text', 'MALFORMED_CREDENTIALS', () => ({ tenant_id: ['acme'] })],
  ];
  it.each(claims)('claims: %s (%s)', async (_what, reason, change) => {
    await expectRefused(await gateway.sandbox.issueToken('alice@acme.test', change() as never), reason);
  });

  const tampered: [string, DecisionReason, (token: string) => string][] = [
    ['a flipped bit in the signature', 'TOKEN_SIGNATURE_INVALID', (token) => flip(token, 2)],
    ['a flipped bit in the claims', 'TOKEN_SIGNATURE_INVALID', (token) => flip(token, 1)],
    ['no signature', 'MALFORMED_CREDENTIALS', (token) => `${token.split('.').slice(0, 2).join('.')}.`],
    ['alg none', 'TOKEN_ALG_REJECTED', (token) => withHeader(token, { alg: 'none' })],
    ['alg HS256', 'TOKEN_ALG_REJECTED', (token) => withHeader(token, { alg: 'HS256', typ: 'at+jwt' })],
    ['an unknown key', 'SIGNING_KEY_MISSING', (token) => withHeader(token, { alg: 'RS256', typ: 'at+jwt', kid: 'x' })],
    ['another type', 'MALFORMED_CREDENTIALS', (token) => token.slice(0, 8)],
    ['four parts', 'MALFORMED_CREDENTIALS', (token) => `${token}.x`],
    ['trailing junk', 'MALFORMED_CREDENTIALS', (token) => `${token} junk`],
  ];
  it.each(tampered)('bytes: %s (%s)', async (_what, reason, change) => {
    await expectRefused(change(alice.token), reason);
  });

  it('accepts the scheme in any case, and nothing but Bearer', async () => {
    expect((await get(`bearer ${alice.token}`)).status).toBe(200);
    await expectFetchProblem(await get(`Basic ${alice.token}`), 'UNAUTHENTICATED');
    await expectFetchProblem(await get(`Bearer  ${alice.token}`), 'UNAUTHENTICATED');
  });

  async function expectRefused(token: string, reason: DecisionReason): Promise<void> {
    expect((await get(`Bearer ${alice.token}`)).status).toBe(200);
    gateway.sandbox.calls.clear();
    const response = await get(`Bearer ${token}`);
    const body = await expectFetchProblem(response, 'UNAUTHENTICATED');
    expect(body.detail).toBe('invalid or expired token');
    expect(response.headers.get('www-authenticate')).toBe('Bearer error="invalid_token"');
    expect(lastReason()).toBe(reason);
    expect(gateway.sandbox.calls.list().filter(({ upstream }) => upstream !== 'jwks')).toEqual([]);
    expect((await get(`Bearer ${alice.token}`)).status).toBe(200);
  }
});

describe('a credential never becomes more than it is', () => {
  it('a viewer reads and does not write', async () => {
    const bob = await Client.of(gateway, 'bob@acme.test');
    expect((await bob.get('/api/v1/users')).status).toBe(200);
    await expectFetchProblem(await bob.send('DELETE', '/api/v1/users/acme-alice'), 'PERMISSION_DENIED');
    expect(lastReason()).toBe('ACCESS_LEVEL_MISSING');
  });

  it('a token without a tenant passes nowhere', async () => {
    const token = await gateway.sandbox.issueToken('alice@acme.test', { tenant_id: undefined });
    await expectFetchProblem(await get(`Bearer ${token}`), 'PERMISSION_DENIED');
    expect(lastReason()).toBe('TENANT_MISSING');
  });

  it('headers that speak of identity change nothing', async () => {
    const spoofed = {
      'x-tenant-id': 'globex',
      'x-gateway-tenant': 'globex',
      'x-gateway-subject': 'root',
      'x-user-id': 'root',
    };
    await alice.get('/api/v1/users', spoofed);
    const call = gateway.sandbox.calls.list().find(({ upstream }) => upstream === 'user');
    expect(call?.metadata).toMatchObject({ 'x-gateway-tenant': ['acme'], 'x-gateway-subject': ['acme-alice'] });
  });

  it.each([
    ['query', () => alice.get('/api/v1/users?tenant_id=globex')],
    ['query in JSON casing', () => alice.get('/api/v1/users?tenantId=globex')],
    ['path', () => alice.get('/api/v1/tenants/globex')],
    ['body', () => alice.send('POST', '/api/v1/users', { tenantId: 'globex', email: 'x@globex.test', username: 'x' })],
  ])('another tenant in the %s is refused before the backend is asked', async (_where, send) => {
    await expectFetchProblem(await send(), 'TENANT_MISMATCH');
    expect(gateway.sandbox.calls.list()).toEqual([]);
  });

  it('a scope of all may name another tenant', async () => {
    const root = await Client.of(gateway, 'root@platform.test');
    const users = (await (await root.get('/api/v1/users?tenant_id=globex')).json()) as {
      users: { tenantId: string }[];
    };
    expect(new Set(users.users.map((user) => user.tenantId))).toEqual(new Set(['globex']));
  });
});

describe('a bug denies, and no backend is asked', () => {
  const bug = () => {
    throw new TypeError('a bug');
  };
  it.each([
    ['while a credential is checked', () => vi.spyOn(Authenticator.prototype, 'identify').mockImplementation(bug), 503],
    [
      'after a credential was looked up',
      () => vi.spyOn(Authenticator.prototype, 'identify').mockRejectedValue(new TypeError('a bug') as never),
      503,
    ],
    ['while the tenant is checked', () => vi.spyOn(TenantGuard.prototype, 'before').mockImplementation(bug), 500],
    ['while permissions are checked', () => vi.spyOn(RolesGuard.prototype, 'before').mockImplementation(bug), 500],
  ])('%s', async (_when, plant, status) => {
    expect((await alice.get('/api/v1/users')).status).toBe(200);
    gateway.sandbox.calls.clear();
    const spy = plant();
    const response = await alice.get('/api/v1/users').finally(() => spy.mockRestore());
    await expectFetchProblem(response, status === 503 ? 'AUTH_UNAVAILABLE' : 'INTERNAL');
    expect(gateway.sandbox.calls.list()).toEqual([]);
    expect((await alice.get('/api/v1/users')).status).toBe(200);
  });
});

function flip(token: string, part: number): string {
  const parts = token.split('.');
  const text = parts[part] ?? '';
  const middle = Math.floor(text.length / 2);
  parts[part] = text.slice(0, middle) + (text[middle] === 'A' ? 'B' : 'A') + text.slice(middle + 1);
  return parts.join('.');
}

function withHeader(token: string, header: object): string {
  const [, claims, signature] = token.split('.');
  return `${Buffer.from(JSON.stringify(header)).toString('base64url')}.${claims}.${signature}`;
}

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { API_KEYS } from '../../sandbox/auth/credentials.js';
import { Client } from '../support/client.js';
import { lastRequest, startTestGateway, type TestGateway } from '../support/gateway.js';
import { expectFetchProblem, expectProblem } from '../support/problem.js';
import { sendRaw } from '../support/raw-http.js';

let gateway: TestGateway;

beforeAll(async () => {
  gateway = await startTestGateway({ env: { GATEWAY_MAX_HEADER_BYTES: '16KiB' } });
});
afterAll(() => gateway.close());
beforeEach(() => gateway.sandbox.calls.clear());

const get = (headers: Record<string, string>, path = '/api/v1/users') => fetch(gateway.url + path, { headers });
const lastLine = () => lastRequest(gateway);
const calledMethods = () => gateway.sandbox.calls.list().map(({ method }) => method);

describe('an API key', () => {
  it.each([
    ['X-API-Key', 'api_key', { 'x-api-key': API_KEYS.acme }],
    ['Bearer', 'opaque', { authorization: `Bearer ${API_KEYS.acme}` }],
  ])('as %s lets its service in, in its own tenant', async (_header, authMethod, headers) => {
    const response = await get(headers);
    expect(response.status).toBe(200);
    const { users } = (await response.json()) as { users: { tenantId: string }[] };
    expect(new Set(users.map((user) => user.tenantId))).toEqual(new Set(['acme']));
    expect(lastLine()).toMatchObject({
      identity_id: 'service-acme',
      identity_type: 'service',
      auth_method: authMethod,
      decision_reason: 'ACCESS_LEVEL_MATCH',
      auth_cache_stale: false,
    });
    const [listed] = gateway.sandbox.calls.list().filter(({ method }) => method.endsWith('ListUsers'));
    expect(listed?.metadata).toMatchObject({ 'x-gateway-auth-method': [authMethod], 'x-gateway-tenant': ['acme'] });
    expect(JSON.stringify(listed?.metadata)).not.toContain(API_KEYS.acme);
  });

  it('is asked about once', async () => {
    const headers = { 'x-api-key': API_KEYS.globex };
    const statuses = await Promise.all(Array.from({ length: 20 }, async () => (await get(headers)).status));
    expect(new Set(statuses)).toEqual(new Set([200]));
    const asked = gateway.sandbox.calls.list().filter(({ method }) => method.endsWith('ValidateCredential'));
    expect(asked).toHaveLength(1);
    expect(asked[0]?.metadata).not.toHaveProperty('x-gateway-subject');
  });

  it('reads and does not write', async () => {
    const response = await fetch(`${gateway.url}/api/v1/users/acme-alice`, {
      method: 'DELETE',
      headers: { 'x-api-key': API_KEYS.acme },
    });
    await expectFetchProblem(response, 'PERMISSION_DENIED');
  });

  it('that AuthService does not know is refused, and no service is called with it', async () => {
    const body = await expectFetchProblem(await get({ 'x-api-key': 'sk-nobody' }), 'UNAUTHENTICATED');
    expect(body.detail).toBe('invalid or expired token');
    expect(lastLine()?.decision_reason).toBe('SESSION_INVALID');
    expect(calledMethods().every((method) => method.endsWith('ValidateCredential'))).toBe(true);
  });
});

describe('a request whose credentials are in doubt calls nobody', () => {
  const KEY = { 'x-api-key': API_KEYS.acme };
  const SESSION = { cookie: '__Host-sid=0123456789abcdef' };

  it('two kinds at once are refused, though each is good', async () => {
    const alice = await Client.of(gateway, 'alice@acme.test');
    gateway.sandbox.calls.clear();
    const token = { authorization: `Bearer ${alice.token}` };
    for (const headers of [
      { ...token, ...KEY },
      { ...token, ...SESSION },
      { ...KEY, ...SESSION },
    ]) {
      const response = await get(headers);
      expect(response.headers.get('www-authenticate')).toBe('Bearer error="invalid_request"');
      expect((await expectFetchProblem(response, 'UNAUTHENTICATED')).detail).toContain('Send one credential');
      expect(lastLine()?.decision_reason).toBe('MALFORMED_CREDENTIALS');
    }
    expect(calledMethods()).toEqual([]);
  });

  it('an API key that comes twice is refused', async () => {
    const [answer] = await sendRaw(
      gateway.url,
      `GET /api/v1/users HTTP/1.1\r\nHost: x\r\nX-API-Key: ${API_KEYS.acme}\r\nX-API-Key: ${API_KEYS.acme}\r\nConnection: close\r\n\r\n`,
    );
    expectProblem(
      { status: answer?.status ?? 0, contentType: answer?.headers['content-type'], body: answer?.body ?? '' },
      'UNAUTHENTICATED',
    );
    expect(calledMethods()).toEqual([]);
  });

  it.each([
    ['without a space', 'A'.repeat(15_000)],
    ['of spaces', `Bearer${' '.repeat(15_000)}x`],
    ['as a bearer token', `Bearer ${'a'.repeat(15_000)}`],
    ['as a JWT', `Bearer ${`${'a'.repeat(5_000)}.`.repeat(3)}`],
  ])('15 kB of Authorization %s are refused unread', async (_what, authorization) => {
    await expectFetchProblem(await get({ authorization }), 'UNAUTHENTICATED');
    expect(lastLine()?.decision_reason).toBe('MALFORMED_CREDENTIALS');
    expect(calledMethods()).toEqual([]);
  });

  it('a session cookie where nobody can sign in is refused', async () => {
    await expectFetchProblem(await get(SESSION), 'UNAUTHENTICATED');
    expect(lastLine()?.decision_reason).toBe('SESSION_INVALID');
  });

  it('a session cookie of a foreign page is refused before anybody looks at it', async () => {
    const response = await fetch(`${gateway.url}/api/v1/users`, {
      method: 'POST',
      headers: { ...SESSION, 'content-type': 'application/json', origin: 'https://evil.example' },
      body: '{}',
    });
    await expectFetchProblem(response, 'CSRF_FAILED');
    expect(lastLine()).toMatchObject({ decision_reason: 'CSRF_FAILED', outcome: 'deny' });
  });
});

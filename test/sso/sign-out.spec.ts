import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { expectProblem } from '../support/problem.js';
import { callApi, signIn, type SsoGateway, startSsoGateway } from '../support/sso.js';
import { WebClient } from '../support/web-client.js';

let gateway: SsoGateway;
let client: WebClient;

beforeAll(async () => {
  gateway = await startSsoGateway();
});
afterAll(() => gateway?.close());
beforeEach(async () => {
  client = new WebClient();
  await signIn(client, gateway, 'alice@acme.test');
  gateway.sandbox.calls.clear();
});

const signOut = () => callApi(client, gateway, '/auth/logout', { method: 'POST' });
const urlIn = (body: string) => (JSON.parse(body) as { logoutUrl: string }).logoutUrl;

describe('signing out', () => {
  it('ends the session, its refresh token, and leads to the provider', async () => {
    const id = client.cookie(gateway.publicUrl, '__Host-sid') ?? '';
    const answer = await signOut();
    expect(answer.status).toBe(200);
    expect(client.cookie(gateway.publicUrl, '__Host-sid')).toBeUndefined();
    const [logout] = gateway.sandbox.calls.list().filter(({ method }) => method.endsWith('/Logout'));
    expect(logout).toMatchObject({ outcome: 'OK', metadata: { 'x-gateway-subject': ['acme-alice'] } });

    const logoutUrl = urlIn(answer.body);
    expect(logoutUrl.startsWith(`${gateway.publicUrl}/auth/logout?ticket=`)).toBe(true);
    const asked = await client.navigate(logoutUrl);
    expect(asked.url).toContain(`${gateway.sandbox.idp?.issuer}/session/end`);
    const done = await client.submit(asked, { logout: 'yes' });
    expect(done.url).toBe(`${gateway.publicUrl}/`);

    client.setCookie(gateway.publicUrl, '__Host-sid', id);
    expect((await callApi(client, gateway, '/auth/session')).status).toBe(401);
    client.steps.length = 0;
    await signIn(client, gateway, 'bob@acme.test');
    expect(client.steps.some(({ url }) => url.includes('/interaction/'))).toBe(true);
  });

  it('a second time, and without a session at all, is fine', async () => {
    await signOut();
    for (let i = 0; i < 2; i++) {
      const again = await signOut();
      expect([again.status, urlIn(again.body)]).toEqual([200, `${gateway.publicUrl}/`]);
    }
    const stranger = await fetch(`${gateway.publicUrl}/auth/logout`, { method: 'POST' });
    expect(stranger.status).toBe(200);
  });

  it('the way to the provider is good for one use', async () => {
    const logoutUrl = urlIn((await signOut()).body);
    expect((await client.request(logoutUrl)).headers.get('location')).toContain('id_token_hint=');
    expect((await client.request(logoutUrl)).headers.get('location')).toBe(`${gateway.publicUrl}/`);
    const none = await client.request(`${gateway.publicUrl}/auth/logout`);
    expect(none.headers.get('location')).toBe(`${gateway.publicUrl}/`);
  });

  it('works while AuthService is away', async () => {
    await gateway.sandbox.setFault('auth', { mode: 'down' });
    const answer = await signOut();
    await gateway.sandbox.setFault('auth', { mode: 'none' });
    expect(answer.status).toBe(200);
    expect((await callApi(client, gateway, '/auth/session')).status).toBe(401);
    await expect.poll(() => gateway.lines.some(({ msg }) => msg === 'session_tokens_not_ended')).toBe(true);
    await expect
      .poll(async () => (await fetch(`${gateway.url}/api/v1/auth/tenants/acme/login-config`)).status)
      .toBe(200);
  });

  it('cannot be done by another site', async () => {
    const headers = { origin: 'https://evil.test', 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'cors' };
    const url = `${gateway.publicUrl}/auth/logout`;
    for (const init of [{ headers }, { headers: { ...headers, 'x-csrf': '1' } }, {}]) {
      const { status, body, headers: answered } = await client.request(url, { method: 'POST', ...init });
      expectProblem({ status, body, contentType: answered.get('content-type') }, 'CSRF_FAILED');
    }
    expect((await callApi(client, gateway, '/auth/session')).status).toBe(200);
  });
});

describe('a request that changes something, with the cookie of a session', () => {
  const page = { 'x-csrf': '1', 'sec-fetch-site': 'same-origin' };
  const refused: [string, Record<string, string>][] = [
    ['without a header that only scripts can set', { 'sec-fetch-site': 'same-origin' }],
    ['from another site', { 'x-csrf': '1', 'sec-fetch-site': 'cross-site', origin: 'https://evil.test' }],
    [
      'from another host of the same site',
      { 'x-csrf': '1', 'sec-fetch-site': 'same-site', origin: 'http://other.localhost' },
    ],
    ['from a page without an origin', { 'x-csrf': '1', origin: 'null' }],
    ['that does not say where it comes from', { 'x-csrf': '1' }],
    ['with another value in the header', { 'x-csrf': 'true', 'sec-fetch-site': 'same-origin' }],
  ];
  const bodies: [string, string, RequestInit][] = [
    [
      'JSON',
      'POST',
      { body: '{"email":"n@acme.test","username":"n"}', headers: { 'content-type': 'application/json' } },
    ],
    ['text', 'POST', { body: '{}', headers: { 'content-type': 'text/plain' } }],
    ['nothing', 'POST', {}],
    ['DELETE', 'DELETE', {}],
  ];

  it.each(refused)('%s never reaches a backend', async (_what, headers) => {
    for (const [, method, init] of bodies) {
      const path = method === 'DELETE' ? '/api/v1/users/acme-bob' : '/api/v1/users';
      const all = { ...(init.headers as object), ...headers };
      const step = await client.request(gateway.publicUrl + path, { ...init, method, headers: all });
      const { status, body } = step;
      expectProblem({ status, body, contentType: step.headers.get('content-type') }, 'CSRF_FAILED');
    }
    expect(gateway.sandbox.calls.list()).toEqual([]);
  });

  it('from the gateway’s own page passes, by either of the browser’s words', async () => {
    const body = JSON.stringify({ query: 'x' });
    const origin = { 'x-csrf': '1', origin: gateway.publicUrl };
    for (const headers of [page, origin]) {
      const init = { method: 'POST', body, headers: { ...headers, 'content-type': 'application/json' } };
      expect((await client.request(`${gateway.publicUrl}/api/v1/ai`, init)).status).toBe(200);
    }
  });
});

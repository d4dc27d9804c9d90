import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectFetchProblem } from '../support/problem.js';
import { type RawResponse, sendRaw } from '../support/raw-http.js';
import { callApi, signIn, type SsoGateway, startSsoGateway } from '../support/sso.js';
import { WebClient } from '../support/web-client.js';

const PERSON = { accept: 'text/html,application/xhtml+xml', 'sec-fetch-mode': 'navigate' };

let gateway: SsoGateway;

beforeAll(async () => {
  gateway = await startSsoGateway();
});
afterAll(() => gateway?.close());

/** Without a client, so that no redirect is followed. */
function get(path: string, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(gateway.publicUrl + path, { headers, redirect: 'manual' });
}

describe('a person who signs in at the identity provider', () => {
  it('comes back to where they wanted to go, with a session', async () => {
    const client = new WebClient();
    const back = await signIn(client, gateway, 'alice@acme.test', '?returnTo=%2Freports%3Fpage%3D2');
    expect([back.status, back.headers.get('location')]).toEqual([302, '/reports?page=2']);
    const session = JSON.parse((await callApi(client, gateway, '/auth/session')).body) as Record<string, unknown>;
    expect(session).toMatchObject({ subject: 'acme-alice', tenantId: 'acme', provider: 'sandbox', roles: ['admin'] });
    const lifeMs = Date.parse(String(session.expireTime)) - Date.parse(String(session.createTime));
    expect([lifeMs, session.idleTimeoutSeconds]).toEqual([43_200_000, 1800]);
    const users = await callApi(client, gateway, '/api/v1/users?pageSize=3');
    expect((JSON.parse(users.body) as { users: object[] }).users).toHaveLength(3);
  });

  it.each([
    ['alice@acme.test', 'acme-alice'],
    ['bob@acme.test', 'acme-bob'],
    ['carol@globex.test', 'globex-carol'],
    ['root@platform.test', 'platform-root'],
  ])('%s is the user that AuthService knows', async (email, subject) => {
    const client = new WebClient();
    await signIn(client, gateway, email);
    const me = JSON.parse((await callApi(client, gateway, '/api/v1/me')).body) as { principal: object };
    expect(me.principal).toMatchObject({ subject, authMethod: 'session' });
  });

  it('is asked for no password while the provider still knows them', async () => {
    const client = new WebClient();
    await signIn(client, gateway, 'alice@acme.test');
    await callApi(client, gateway, '/auth/logout', { method: 'POST' });
    expect((await callApi(client, gateway, '/auth/session')).status).toBe(401);
    client.steps.length = 0;
    await signIn(client, gateway, 'alice@acme.test');
    expect(client.steps.filter(({ url }) => url.includes('/interaction/'))).toEqual([]);
    expect((await callApi(client, gateway, '/auth/session')).status).toBe(200);
  });

  it('can do so with keys that the provider has just changed', async () => {
    for (let i = 0; i < 2; i++) {
      const client = new WebClient();
      expect((await signIn(client, gateway, 'alice@acme.test')).status).toBe(302);
      await gateway.sandbox.idp?.rotateKeys();
    }
    const client = new WebClient();
    expect((await signIn(client, gateway, 'alice@acme.test')).headers.get('location')).toBe('/');
  });
});

describe('the way to the provider', () => {
  it('is one of an authorization code with PKCE, state and nonce, new each time', async () => {
    const queries: Record<string, string>[] = [];
    for (let i = 0; i < 2; i++) {
      const answer = await get('/auth/sandbox/login');
      expect([answer.status, answer.headers.get('cache-control')]).toEqual([302, 'no-store']);
      const url = new URL(answer.headers.get('location') ?? '');
      expect(url.origin).toBe(gateway.sandbox.idp?.issuer);
      queries.push(Object.fromEntries(url.searchParams));
      const [cookie = ''] = answer.headers.getSetCookie();
      expect(cookie).toMatch(
        /^__Host-login-[\w-]{16}=[\w+/=.-]+; Max-Age=600; Path=\/; HttpOnly; Secure; SameSite=Lax$/,
      );
    }
    const [one = {}, two = {}] = queries;
    expect(one).toMatchObject({
      client_id: 'api-gateway',
      response_type: 'code',
      redirect_uri: `${gateway.publicUrl}/auth/sandbox/callback`,
      scope: 'openid email profile',
      code_challenge_method: 'S256',
    });
    for (const name of ['state', 'nonce', 'code_challenge']) {
      expect(one[name]).toMatch(/^[\w-]{43}$/);
      expect(one[name]).not.toBe(two[name]);
    }
  });

  it.each([
    ['/auth/login', 302],
    ['/auth/login?tenant=acme', 302],
    ['/auth/sandbox/login?tenant=acme', 302],
    ['/auth/login?tenant=nowhere', 404],
    ['/auth/login?tenant=no%20tenant', 400],
    ['/auth/other/login', 404],
    ['/auth/other/callback', 404],
    ['/auth/sandbox/login?returnTo=%2F%2Fevil.test', 400],
    ['/auth/sandbox/login?returnTo=https%3A%2F%2Fevil.test', 400],
    ['/auth/sandbox/login?returnTo=/a&returnTo=/b', 400],
    ['/auth/sandbox', 404],
  ])('%s answers %i', async (path, status) => {
    const answer = await get(path);
    expect(answer.status).toBe(status);
    if (status === 302) expect(answer.headers.get('location')).toContain(`${gateway.sandbox.idp?.issuer}/auth?`);
    else expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/);
  });

  it('is taken with GET alone', async () => {
    const answer = await fetch(`${gateway.publicUrl}/auth/sandbox/login`, { method: 'POST' });
    expect(answer.headers.get('allow')).toBe('GET, HEAD, OPTIONS');
    await expectFetchProblem(answer, 'METHOD_NOT_ALLOWED');
    await expect.poll(() => gateway.lines.some(({ route }) => route === '/auth/{provider}/login')).toBe(true);
  });
});

describe('without a session', () => {
  it('a person is sent to sign in, and comes back to what they asked for', async () => {
    const answer = await navigate('/api/v1/users?pageSize=2');
    expect([answer?.status, answer?.headers['location']]).toEqual([
      302,
      `${gateway.publicUrl}/auth/sandbox/login?returnTo=%2Fapi%2Fv1%2Fusers%3FpageSize%3D2`,
    ]);
    expect(answer?.headers['set-cookie']).toBeUndefined();
  });

  it('a person whose session is over is sent to sign in, and the cookie is gone', async () => {
    const answer = await navigate('/api/v1/users', `Cookie: __Host-sid=${'x'.repeat(43)}\r\n`);
    expect([answer?.status, answer?.headers['location']]).toEqual([
      302,
      `${gateway.publicUrl}/auth/sandbox/login?returnTo=%2Fapi%2Fv1%2Fusers`,
    ]);
    expect(answer?.headers['set-cookie']).toMatch(/^__Host-sid=; Max-Age=0; /);
  });

  it('a token that is no good stays a 401, also where a browser sends it', async () => {
    expect((await navigate('/api/v1/users', 'Authorization: Bearer a.b.c\r\n'))?.status).toBe(401);
    expect((await navigate('/api/v1/users', 'X-API-Key: unknown\r\n'))?.status).toBe(401);
  });

  /** Byte for byte, since fetch puts in a Sec-Fetch-Mode of its own. */
  async function navigate(path: string, more = ''): Promise<RawResponse | undefined> {
    const headers = `Host: localhost\r\nAccept: text/html\r\nSec-Fetch-Mode: navigate\r\n${more}Connection: close`;
    const [answer] = await sendRaw(gateway.url, `GET ${path} HTTP/1.1\r\n${headers}\r\n\r\n`);
    return answer;
  }

  it.each([
    ['a script', { accept: 'application/json', 'sec-fetch-mode': 'cors' }],
    ['a script that takes anything', { accept: '*/*', 'sec-fetch-mode': 'cors' }],
    ['a program', {}],
    ['a picture of another page', { accept: 'image/*', 'sec-fetch-mode': 'no-cors' }],
  ])('%s gets a 401', async (_who, headers) => {
    for (const path of ['/api/v1/users', '/auth/session']) {
      await expectFetchProblem(await get(path, headers), 'UNAUTHENTICATED');
    }
  });

  it('a person who sends something gets a 401: what was sent would be lost', async () => {
    const answer = await fetch(`${gateway.publicUrl}/api/v1/users`, {
      method: 'POST',
      headers: PERSON,
      redirect: 'manual',
    });
    await expectFetchProblem(answer, 'UNAUTHENTICATED');
  });

  it('a token of its own still works, and is no session', async () => {
    const authorization = `Bearer ${await gateway.sandbox.issueToken('alice@acme.test')}`;
    expect((await get('/api/v1/users', { authorization })).status).toBe(200);
    await expectFetchProblem(await get('/auth/session', { authorization }), 'UNAUTHENTICATED');
  });
});

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FakeProvider } from '../support/fake-provider.js';
import { startTestGateway } from '../support/gateway.js';
import { expectFetchProblem } from '../support/problem.js';
import { sendRaw } from '../support/raw-http.js';
import { type SsoGateway, startSsoGateway } from '../support/sso.js';
import { WebClient } from '../support/web-client.js';

describe('a provider that does not answer', () => {
  it('keeps nobody but new people from the gateway, which asks it again by and by', async () => {
    const own = await startSsoGateway();
    try {
      const login = () => fetch(`${own.publicUrl}/auth/sandbox/login`, { redirect: 'manual' });
      await own.sandbox.setFault('idp', { mode: 'down' });
      const answer = await login();
      expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
      await expectFetchProblem(answer, 'AUTH_UNAVAILABLE');
      const metrics = await (await fetch(`${own.url}/metrics`)).text();
      expect(metrics).toContain('gateway_sso_logins_total{provider="sandbox",outcome="idp_error"} 1');
      await own.sandbox.setFault('idp', { mode: 'none' });
      await expect.poll(async () => (await login()).status).toBe(302);
    } finally {
      await own.close();
    }
  });
});

describe('several providers', () => {
  let fake: FakeProvider;
  let own: SsoGateway;

  beforeAll(async () => {
    fake = await FakeProvider.start();
    own = await startSsoGateway({ env: fake.env });
  });
  afterAll(async () => {
    await own?.close();
    await fake?.close();
  });

  it('leave it to the person where to sign in', async () => {
    const page = await (await fetch(own.publicUrl)).text();
    for (const name of ['sandbox', 'fake'])
      expect(page).toContain(`<a href="${own.publicUrl}/auth/${name}/login">Sign in with ${name}</a>`);
    const request =
      'GET /api/v1/users HTTP/1.1\r\nHost: localhost\r\nAccept: text/html\r\nSec-Fetch-Mode: navigate\r\n';
    const [answer] = await sendRaw(own.url, `${request}Connection: close\r\n\r\n`);
    expect(answer?.headers['location']).toBe(`${own.publicUrl}/?returnTo=%2Fapi%2Fv1%2Fusers`);
  });

  it('are chosen by tenant, or by name', async () => {
    const at = (path: string) => fetch(own.publicUrl + path, { redirect: 'manual' });
    const problem = await expectFetchProblem(await at('/auth/login'), 'INVALID_ARGUMENT');
    expect(problem.detail).toBe('Name the tenant, or sign in at one of /auth/sandbox/login, /auth/fake/login.');
    const issuers = { '/auth/login?tenant=acme': own.sandbox.idp?.issuer, '/auth/fake/login': fake.issuer };
    for (const [path, issuer] of Object.entries(issuers)) {
      expect((await at(path)).headers.get('location')).toContain(`${issuer}/auth`);
    }
  });

  it('do not answer for each other', async () => {
    const client = new WebClient();
    const login = await client.request(`${own.publicUrl}/auth/sandbox/login`);
    const state = new URL(login.headers.get('location') ?? '').searchParams.get('state') ?? '';
    const back = new URLSearchParams({ code: 'c', state, iss: fake.issuer }).toString();
    const answer = await client.request(`${own.publicUrl}/auth/fake/callback?${back}`);
    expect([answer.status, client.cookie(own.publicUrl, '__Host-sid')]).toEqual([400, undefined]);
  });
});

describe('a gateway without a provider', () => {
  it('has no routes of sign-in and session, takes no cookie, and sends nobody anywhere', async () => {
    const plain = await startTestGateway();
    try {
      for (const path of ['/auth/session', '/auth/login', '/auth/sandbox/login', '/auth/logout']) {
        await expectFetchProblem(await fetch(plain.url + path), 'ROUTE_NOT_FOUND');
      }
      const headers = { cookie: `__Host-sid=${'x'.repeat(43)}` };
      await expectFetchProblem(await fetch(`${plain.url}/api/v1/users`, { headers }), 'UNAUTHENTICATED');
      expect(await (await fetch(plain.url)).text()).not.toContain('<script');
    } finally {
      await plain.close();
    }
  });
});

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectProblem } from '../support/problem.js';
import { callApi, fillIn, goToProvider, signIn, type SsoGateway, startSsoGateway } from '../support/sso.js';
import { type Step, WebClient } from '../support/web-client.js';

const LOGIN_COOKIE = '__Host-login-';

let gateway: SsoGateway;

beforeAll(async () => {
  gateway = await startSsoGateway();
});
afterAll(() => gateway?.close());

/** A client that has signed in at the provider and holds the way back to the gateway. */
async function comingBack(email = 'alice@acme.test'): Promise<{ readonly client: WebClient; readonly url: URL }> {
  const client = new WebClient();
  const back = await fillIn(client, await goToProvider(client, gateway), email);
  return { client, url: new URL(back.headers.get('location') ?? '') };
}

/** The cookie of the one sign-in that a client has under way. */
function loginCookie(client: WebClient): { readonly name: string; readonly value: string } {
  const [name = '', ...others] = client.cookieNames(gateway.publicUrl, LOGIN_COOKIE);
  expect(others).toEqual([]);
  return { name, value: client.cookie(gateway.publicUrl, name) ?? '' };
}

async function expectRefused(
  client: WebClient,
  answer: Step,
  code: 'INVALID_ARGUMENT' | 'UNAUTHENTICATED',
): Promise<void> {
  const { status, body, headers } = answer;
  expectProblem({ status, body, contentType: headers.get('content-type') }, code);
  expect(client.cookie(gateway.publicUrl, '__Host-sid')).toBeUndefined();
  const isThis = (line: object) => 'request_id' in line && line.request_id === headers.get('x-request-id');
  await expect.poll(() => gateway.lines.filter(isThis)).toHaveLength(1);
  const line = JSON.stringify(gateway.lines.find(isThis));
  for (const [name, value] of new URL(answer.url).searchParams) if (name !== 'iss') expect(line).not.toContain(value);
}

describe('a callback', () => {
  it('with another state is refused, and the sign-in under way goes on', async () => {
    const { client, url } = await comingBack();
    const wrong = new URL(url);
    wrong.searchParams.set('state', 'another-state');
    await expectRefused(client, await client.request(wrong.href), 'INVALID_ARGUMENT');
    expect((await client.request(url.href)).status).toBe(302);
  });

  it('without a state is refused', async () => {
    const { client, url } = await comingBack();
    url.searchParams.delete('state');
    await expectRefused(client, await client.request(url.href), 'INVALID_ARGUMENT');
  });

  it('in another browser is refused', async () => {
    const { url } = await comingBack();
    const other = new WebClient();
    await expectRefused(other, await other.request(url.href), 'INVALID_ARGUMENT');
  });

  it('in a browser that began a sign-in of its own is refused', async () => {
    const { url } = await comingBack();
    const other = new WebClient();
    await goToProvider(other, gateway);
    await expectRefused(other, await other.request(url.href), 'INVALID_ARGUMENT');
  });

  it('is good for one use, even to a browser that keeps its cookie', async () => {
    const { client, url } = await comingBack();
    const { name, value } = loginCookie(client);
    expect((await client.request(url.href)).status).toBe(302);
    const again = new WebClient();
    again.setCookie(gateway.publicUrl, name, value);
    await expectRefused(again, await again.request(url.href), 'INVALID_ARGUMENT');
  });

  it('with a code that was used before is refused by the provider', async () => {
    const first = await comingBack();
    const second = await comingBack('bob@acme.test');
    expect((await first.client.request(first.url.href)).status).toBe(302);
    second.url.searchParams.set('code', first.url.searchParams.get('code') ?? '');
    await expectRefused(second.client, await second.client.request(second.url.href), 'UNAUTHENTICATED');
  });

  it("with somebody else's code is refused: the verifier is not its own", async () => {
    const mine = await comingBack();
    const theirs = await comingBack('root@platform.test');
    mine.url.searchParams.set('code', theirs.url.searchParams.get('code') ?? '');
    await expectRefused(mine.client, await mine.client.request(mine.url.href), 'UNAUTHENTICATED');
  });

  it.each(['iss=https%3A%2F%2Fother.test', 'iss='])('with %s in place of its issuer is refused', async (iss) => {
    const { client, url } = await comingBack();
    const search = url.search.replace(/iss=[^&]*/, iss);
    await expectRefused(client, await client.request(`${url.origin}${url.pathname}${search}`), 'UNAUTHENTICATED');
  });

  it.each([
    ['changed', (cookie: string) => `${cookie.slice(0, 40)}${cookie[40] === 'A' ? 'B' : 'A'}${cookie.slice(41)}`],
    ['cut off', (cookie: string) => cookie.slice(0, 60)],
    ['made up', () => Buffer.from('{"returnTo":"//evil.test"}').toString('base64')],
  ])('with a cookie that was %s is refused', async (_what, change) => {
    const { client, url } = await comingBack();
    const { name, value } = loginCookie(client);
    client.setCookie(gateway.publicUrl, name, change(value));
    await expectRefused(client, await client.request(url.href), 'INVALID_ARGUMENT');
  });

  it('with parameters that came twice is refused', async () => {
    const { client, url } = await comingBack();
    const code = url.searchParams.get('code') ?? '';
    await expectRefused(client, await client.request(`${url.href}&code=${code}`), 'UNAUTHENTICATED');
  });

  it('shows a person a page with fixed words instead of a problem', async () => {
    const { client, url } = await comingBack();
    url.searchParams.set('state', '<script>alert(1)</script>');
    const answer = await client.request(url.href, { headers: { accept: 'text/html,*/*;q=0.8' } });
    expect([answer.status, answer.headers.get('content-type')]).toEqual([400, 'text/html; charset=utf-8']);
    expect(answer.body).toContain('This sign-in is not known here, has been used, or took too long.');
    expect(answer.body).not.toMatch(/script/);
    expect(answer.headers.get('content-security-policy')).toMatch(/^default-src 'none'/);
  });
});

describe('a new sign-in', () => {
  it('gives a new session and ends the one before, at AuthService too', async () => {
    const client = new WebClient();
    await signIn(client, gateway, 'alice@acme.test');
    const before = client.cookie(gateway.publicUrl, '__Host-sid') ?? '';
    gateway.sandbox.calls.clear();
    await signIn(client, gateway, 'alice@acme.test');
    const after = client.cookie(gateway.publicUrl, '__Host-sid') ?? '';
    expect(after).not.toBe(before);
    await gateway.sandbox.calls.waitFor(({ method }) => method.endsWith('/Logout'));
    expect((await callApi(client, gateway, '/auth/session')).status).toBe(200);
    client.setCookie(gateway.publicUrl, '__Host-sid', before);
    expect((await callApi(client, gateway, '/auth/session')).status).toBe(401);
  });

  it('never takes over a session id that the browser brought', async () => {
    const client = new WebClient();
    client.setCookie(gateway.publicUrl, '__Host-sid', 'A'.repeat(43));
    await signIn(client, gateway, 'alice@acme.test');
    const id = client.cookie(gateway.publicUrl, '__Host-sid') ?? '';
    expect(id).toMatch(/^[\w-]{43}$/);
    expect(id).not.toBe('A'.repeat(43));
  });
});

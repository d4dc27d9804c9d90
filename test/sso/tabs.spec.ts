import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { callApi, fillIn, goToProvider, signIn, type SsoGateway, startSsoGateway } from '../support/sso.js';
import { WebClient } from '../support/web-client.js';

const LOGIN_COOKIE = '__Host-login-';

let gateway: SsoGateway;

beforeAll(async () => {
  gateway = await startSsoGateway();
});
afterAll(() => gateway?.close());

/** Begins a sign-in in a tab of a browser; gives the state of it. */
async function openTab(client: WebClient, returnTo = '/'): Promise<string> {
  const query = `?returnTo=${encodeURIComponent(returnTo)}`;
  const answer = await client.request(`${gateway.publicUrl}/auth/sandbox/login${query}`);
  expect(answer.status).toBe(302);
  return new URL(answer.headers.get('location') ?? '').searchParams.get('state') ?? '';
}

const underWay = (client: WebClient) => client.cookieNames(gateway.publicUrl, LOGIN_COOKIE);

describe('a person who signs in in several tabs', () => {
  it('comes back in each of them to where that tab was, in any order', async () => {
    const client = new WebClient();
    const forms = [];
    for (const tab of ['/one', '/two', '/three']) {
      forms.push(await goToProvider(client, gateway, `?returnTo=${encodeURIComponent(tab)}`));
    }
    expect(underWay(client)).toHaveLength(3);
    const [one, two, three] = forms;
    if (one === undefined || two === undefined || three === undefined) throw new Error('no form');
    for (const [form, returnTo] of [
      [two, '/two'],
      [one, '/one'],
      [three, '/three'],
    ] as const) {
      const back = await fillIn(client, form, 'alice@acme.test');
      const done = await client.request(back.headers.get('location') ?? '');
      expect([done.status, done.headers.get('location')]).toEqual([302, returnTo]);
      expect((await callApi(client, gateway, '/auth/session')).status).toBe(200);
    }
    expect(underWay(client)).toEqual([]);
  });

  it('has eight sign-ins under way at most; the oldest gives way', async () => {
    const client = new WebClient();
    for (let tab = 0; tab < 7; tab++) await openTab(client);
    const [first, second] = underWay(client);
    await openTab(client);
    expect(underWay(client)).toHaveLength(8);
    expect(underWay(client)).toContain(first);
    await openTab(client);
    expect(underWay(client)).toHaveLength(8);
    expect(underWay(client)).not.toContain(first);
    expect(underWay(client)).toContain(second);
  });

  it('never sends more than four kilobytes of them, whatever was asked for', async () => {
    const client = new WebClient();
    for (let tab = 0; tab < 6; tab++) {
      await openTab(client, `/${'x'.repeat(1800)}`);
      const names = underWay(client);
      const bytes = names.map((name) => name.length + (client.cookie(gateway.publicUrl, name) ?? '').length);
      expect(bytes.reduce((sum, each) => sum + each, 0)).toBeLessThanOrEqual(4096);
      expect(names.length).toBeGreaterThan(0);
    }
  });

  it('loses no sign-in to cookies that the gateway did not make', async () => {
    const client = new WebClient();
    await openTab(client);
    const [mine = ''] = underWay(client);
    for (let i = 0; i < 20; i++)
      client.setCookie(gateway.publicUrl, `${LOGIN_COOKIE}${String(i).padStart(16, '0')}`, 'junk');
    client.setCookie(gateway.publicUrl, `${LOGIN_COOKIE}other`, 'junk');
    await openTab(client);
    expect(underWay(client)).toHaveLength(3);
    expect(underWay(client)).toEqual(expect.arrayContaining([mine, `${LOGIN_COOKIE}other`]));
  });

  it('who is signed in already is led on by a callback that belongs to no sign-in', async () => {
    const client = new WebClient();
    await signIn(client, gateway, 'alice@acme.test');
    const id = client.cookie(gateway.publicUrl, '__Host-sid');
    for (const query of ['?code=c&state=unknown', '?code=c', '?error=access_denied&state=unknown', '']) {
      const answer = await client.request(`${gateway.publicUrl}/auth/sandbox/callback${query}`);
      expect([answer.status, answer.headers.get('location')]).toEqual([302, '/']);
      expect(answer.headers.getSetCookie()).toEqual([]);
    }
    expect(client.cookie(gateway.publicUrl, '__Host-sid')).toBe(id);
    expect((await callApi(client, gateway, '/auth/session')).status).toBe(200);
  });

  it('who is not signed in is told, with a session cookie that is worth nothing too', async () => {
    for (const cookie of [undefined, 'x'.repeat(43), 'short']) {
      const client = new WebClient();
      if (cookie !== undefined) client.setCookie(gateway.publicUrl, '__Host-sid', cookie);
      const answer = await client.request(`${gateway.publicUrl}/auth/sandbox/callback?code=c&state=unknown`);
      expect(answer.status).toBe(400);
    }
  });

  it('who loads a callback twice goes where they wanted to go', async () => {
    const client = new WebClient();
    const back = await fillIn(client, await goToProvider(client, gateway, '?returnTo=/reports'), 'alice@acme.test');
    const url = back.headers.get('location') ?? '';
    const [name = ''] = underWay(client);
    const value = client.cookie(gateway.publicUrl, name) ?? '';
    expect((await client.request(url)).headers.get('location')).toBe('/reports');
    // The second request left before the first was answered.
    client.setCookie(gateway.publicUrl, name, value);
    expect((await client.request(url)).headers.get('location')).toBe('/reports');
    expect((await client.request(url.replace('code=', 'code=x'))).headers.get('location')).toBe('/reports');
    expect((await callApi(client, gateway, '/auth/session')).status).toBe(200);
  });

  it('keeps the new session when an answer to an older request comes late', async () => {
    const client = new WebClient();
    await signIn(client, gateway, 'alice@acme.test');
    const older = client.cookie(gateway.publicUrl, '__Host-sid') ?? '';
    await signIn(client, gateway, 'alice@acme.test');
    const late = () => fetch(`${gateway.publicUrl}/api/v1/me`, { headers: { cookie: `__Host-sid=${older}` } });
    await expect.poll(async () => (await late()).status).toBe(401);
    expect((await late()).headers.getSetCookie()).toEqual([]);
    expect((await callApi(client, gateway, '/auth/session')).status).toBe(200);
  });
});

import { once } from 'node:events';
import { globSync, readFileSync } from 'node:fs';
import { type IncomingMessage, request } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { callApi, goToProvider, signIn, type SsoGateway, startSsoGateway } from '../support/sso.js';
import { WebClient } from '../support/web-client.js';

const ROOT = join(import.meta.dirname, '../..');

let gateway: SsoGateway;
beforeAll(async () => void (gateway = await startSsoGateway()));
afterAll(() => gateway?.close());

/** Headers of a request that a foreign page caused; the session cookie is SameSite=Lax and is not sent. */
const FOREIGN: readonly [string, Record<string, string>][] = [
  [
    'a form',
    {
      origin: 'https://evil.test',
      'sec-fetch-site': 'cross-site',
      'sec-fetch-mode': 'navigate',
      'sec-fetch-dest': 'document',
    },
  ],
  [
    'a script',
    {
      origin: 'https://evil.test',
      'sec-fetch-site': 'cross-site',
      'sec-fetch-mode': 'cors',
      'sec-fetch-dest': 'empty',
    },
  ],
  ['a script that guesses the header', { origin: 'https://evil.test', 'x-csrf': '1', 'sec-fetch-site': 'cross-site' }],
  ['a picture', { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'image' }],
  ['a frame', { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'iframe' }],
  [
    'a picture of a sibling host',
    { 'sec-fetch-site': 'same-site', 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'image' },
  ],
  [
    'a frame of a sibling host',
    { 'sec-fetch-site': 'same-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'iframe' },
  ],
  ['a browser that says nothing', {}],
];

const CALLBACKS = ['', '?code=c&state=x', '?error=access_denied&state=x', '?error=login_required&state=x'];
const REQUESTS: readonly [string, string][] = [
  ['POST', '/auth/logout'],
  ['GET', '/auth/logout'],
  ['GET', `/auth/logout?ticket=${'x'.repeat(43)}`],
  ['GET', '/auth/session'],
  ['GET', '/auth/session?peek=1'],
  ['POST', '/auth/backchannel-logout'],
  ['GET', '/auth/other/login'],
  ['GET', '/auth/sandbox/login?returnTo=//evil.test'],
  ['GET', '/auth/sandbox/login?prompt=login'],
  ['GET', '/api/v1/users'],
  ['POST', '/api/v1/users'],
  ...CALLBACKS.map((query): [string, string] => ['GET', `/auth/sandbox/callback${query}`]),
];

interface Answer {
  readonly status: number;
  readonly setCookies: readonly string[];
  readonly body: string;
}

/** Without fetch, which puts in a Sec-Fetch-Mode of its own. */
async function ask(method: string, path: string, headers: Record<string, string>): Promise<Answer> {
  const sent = request(gateway.publicUrl + path, { method, headers, agent: false }).end();
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  const body = Buffer.concat(await response.toArray()).toString();
  return { status: response.statusCode ?? 0, setCookies: response.headers['set-cookie'] ?? [], body };
}

describe('an answer to a request that nobody checked', () => {
  const table = FOREIGN.flatMap(([who, headers]) =>
    REQUESTS.map(([method, path]) => [who, method, path, headers] as const),
  );

  it.each(table)('of %s: %s %s leaves the cookies of its browser alone', async (_who, method, path, headers) => {
    expect((await ask(method, path, headers)).setCookies).toEqual([]);
  });

  it.each(FOREIGN)('of %s begins no sign-in, unless it is a link', async (who, headers) => {
    const isForeign = 'sec-fetch-site' in headers;
    const isLink = headers['sec-fetch-mode'] === 'navigate' && headers['sec-fetch-dest'] === 'document';
    const answer = await ask('GET', '/auth/sandbox/login', headers);
    expect([answer.status, answer.setCookies.length], who).toEqual(!isForeign || isLink ? [302, 1] : [403, 0]);
  });

  it('spoils no sign-in that is under way, while the provider is away too', async () => {
    const own = await startSsoGateway();
    try {
      const client = new WebClient();
      await own.sandbox.setFault('idp', { mode: 'down' });
      client.setCookie(own.publicUrl, '__Host-login-AAAAAAAAAAAAAAAA', 'under way');
      for (const path of ['/auth/sandbox/login', '/auth/sandbox/callback?error=access_denied&state=x']) {
        expect((await client.request(own.publicUrl + path)).headers.getSetCookie()).toEqual([]);
      }
    } finally {
      await own.close();
    }
  });
});

describe('signing out', () => {
  it('of a foreign page leaves the session and its cookie', async () => {
    const client = new WebClient();
    await signIn(client, gateway, 'alice@acme.test');
    for (const [, headers] of FOREIGN) {
      const withCookie = await client.request(`${gateway.publicUrl}/auth/logout`, { method: 'POST', headers });
      expect([withCookie.status, withCookie.headers.getSetCookie()]).toEqual([403, []]);
      const withoutCookie = await ask('POST', '/auth/logout', headers);
      expect([withoutCookie.status, withoutCookie.setCookies]).toEqual([200, []]);
      expect(JSON.parse(withoutCookie.body)).toEqual({ logoutUrl: `${gateway.publicUrl}/` });
    }
    expect((await callApi(client, gateway, '/auth/session')).status).toBe(200);
  });

  it('of the own page takes the cookie away, of a session or of none', async () => {
    for (const id of [undefined, 'x'.repeat(43), 'short', '"quoted"']) {
      const client = new WebClient();
      await (id === undefined
        ? signIn(client, gateway, 'alice@acme.test')
        : client.setCookie(gateway.publicUrl, '__Host-sid', id));
      const answer = await callApi(client, gateway, '/auth/logout', { method: 'POST' });
      expect([answer.status, answer.headers.getSetCookie().length]).toEqual([200, 1]);
      expect(client.cookie(gateway.publicUrl, '__Host-sid')).toBeUndefined();
    }
  });
});

describe('a ticket to the provider', () => {
  it('leads nowhere from a foreign page, and still leads there from the own one', async () => {
    const client = new WebClient();
    await signIn(client, gateway, 'alice@acme.test');
    const { body } = await callApi(client, gateway, '/auth/logout', { method: 'POST' });
    const { logoutUrl } = JSON.parse(body) as { logoutUrl: string };
    const follow = (site: string) => client.request(logoutUrl, { headers: { 'sec-fetch-site': site } });
    expect((await follow('cross-site')).headers.get('location')).toBe(`${gateway.publicUrl}/`);
    expect((await follow('same-origin')).headers.get('location')).toContain('/session/end?');
  });
});

describe('a callback', () => {
  it('ends the sign-in it belongs to, and no other of the same browser', async () => {
    const client = new WebClient();
    await goToProvider(client, gateway);
    const [other] = client.cookieNames(gateway.publicUrl, '__Host-login-');
    const begun = await client.request(`${gateway.publicUrl}/auth/sandbox/login`);
    const state = new URL(begun.headers.get('location') ?? '').searchParams.get('state') ?? '';
    const iss = gateway.sandbox.idp?.issuer ?? '';
    const query = new URLSearchParams({ error: 'access_denied', state, iss }).toString();
    const answer = await client.request(`${gateway.publicUrl}/auth/sandbox/callback?${query}`);
    expect(answer.status).toBe(401);
    expect(client.cookieNames(gateway.publicUrl, '__Host-login-')).toEqual([other]);
  });
});

describe('the source', () => {
  it('makes Set-Cookie lines in one file', () => {
    const files = globSync('src/**/*.ts', { cwd: ROOT }).filter((path) => !path.includes('.spec.'));
    const makers = files.filter((path) => /SameSite|Max-Age=/.test(readFileSync(join(ROOT, path), 'utf8')));
    expect(makers).toEqual(['src/sso/cookies.ts']);
  });
});

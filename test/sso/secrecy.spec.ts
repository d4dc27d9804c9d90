import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { AccessTokens } from '../../sandbox/auth/access-tokens.js';
import { type RefreshToken, RefreshSessions } from '../../sandbox/auth/refresh-sessions.js';
import { TestRedis } from '../support/redis.js';
import { callApi, fillIn, goToProvider, signIn, type SsoGateway, startSsoGateway } from '../support/sso.js';
import { type Step, WebClient } from '../support/web-client.js';

const MINUTE = 60_000;
const ATTRIBUTES = 'Path=/; HttpOnly; Secure; SameSite=Lax';

let redis: TestRedis;
let gateway: SsoGateway;
/** Tokens issued by AuthService: access and refresh tokens. */
let secrets: string[];
/** All that the gateway answered, of every kind. */
let answers: Step[];
let stored: string[];

/** Everything that browsers do, well and badly, at one gateway whose sessions are in Redis. */
beforeAll(async () => {
  redis = await TestRedis.start();
  const issued = vi.spyOn(AccessTokens.prototype, 'issue');
  const begun = vi.spyOn(RefreshSessions.prototype, 'begin');
  const rotated = vi.spyOn(RefreshSessions.prototype, 'rotate');
  const env = { REDIS_URL: redis.url, GATEWAY_REDIS_COMMAND_TIMEOUT: '2s', LOG_LEVEL: 'trace' };
  gateway = await startSsoGateway({ env });
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now(), shouldAdvanceTime: true });
  const client = new WebClient();
  await goAbout(client);
  await failAtEverything(client);
  vi.useRealTimers();
  answers = client.steps.filter(({ url }) => url.startsWith(gateway.publicUrl));
  const accessTokens = await Promise.all(issued.mock.results.map(({ value }) => value as Promise<string>));
  const refreshTokens = [...begun.mock.results, ...rotated.mock.results].flatMap(
    ({ value }) => (value as RefreshToken | undefined)?.token ?? [],
  );
  secrets = [...accessTokens, ...refreshTokens];
  vi.restoreAllMocks();
});
afterAll(async () => {
  await gateway?.close();
  await redis?.close();
});

async function goAbout(client: WebClient): Promise<void> {
  await signIn(client, gateway, 'alice@acme.test', '?returnTo=/reports');
  for (const path of ['/', '/auth/session', '/api/v1/me', '/api/v1/users', '/auth/session?x=1'])
    await callApi(client, gateway, path);
  vi.setSystemTime(Date.now() + 16 * MINUTE);
  await callApi(client, gateway, '/api/v1/users');
  const init = { method: 'POST', body: '{"query":"x"}', headers: { 'content-type': 'application/json' } };
  await callApi(client, gateway, '/api/v1/ai:stream', init);
  stored = await dump();
  const { logoutUrl } = JSON.parse((await callApi(client, gateway, '/auth/logout', { method: 'POST' })).body) as {
    logoutUrl: string;
  };
  await client.submit(await client.navigate(logoutUrl), { logout: 'yes' });
}

async function failAtEverything(client: WebClient): Promise<void> {
  const back = await fillIn(client, await goToProvider(client, gateway), 'bob@acme.test');
  const url = back.headers.get('location') ?? '';
  await client.request(url.replace('code=', 'code=x'));
  await client.request(url);
  await signIn(client, gateway, 'bob@acme.test');
  await client.request(`${gateway.publicUrl}/auth/logout`, { method: 'POST' });
  await gateway.sandbox.setFault('auth', { mode: 'down' });
  vi.setSystemTime(Date.now() + 16 * MINUTE);
  await callApi(client, gateway, '/api/v1/users');
  await redis.kill();
  await callApi(client, gateway, '/api/v1/users');
  await callApi(client, gateway, '/auth/session');
}

async function dump(): Promise<string[]> {
  const keys = await redis.client.keys('session:*');
  const values = await Promise.all(keys.map((key) => redis.client.get(key).catch(() => null)));
  return [...keys, ...values.map(String)];
}

describe('what leaves the gateway', () => {
  it('was all seen: successes, redirects, refusals and failures', () => {
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200, 302, 400, 401, 403, 503]));
    expect(secrets.length).toBeGreaterThan(4);
    expect(secrets.every((secret) => secret.length > 40)).toBe(true);
  });

  it('sets cookies that no script, no other host and no plain connection gets', () => {
    const cookies = answers.flatMap(({ headers }) => headers.getSetCookie());
    const forms = [
      /^__Host-sid=[\w-]{43}; /,
      /^__Host-sid=; Max-Age=0; /,
      /^__Host-login-[\w-]{16}=[\w+/=.-]{100,}; Max-Age=600; /,
      /^__Host-login-[\w-]{16}=; Max-Age=0; /,
    ];
    for (const cookie of cookies) {
      const form = forms.find((each) => each.test(cookie));
      expect(form, cookie).toBeDefined();
      expect(cookie.replace(form ?? '', '')).toBe(ATTRIBUTES);
    }
    for (const form of forms) expect(cookies.some((cookie) => form.test(cookie))).toBe(true);
  });

  it('holds no token, in no body and no header', () => {
    for (const { url, headers, body } of answers) {
      const all = [body, ...[...headers].map((pair) => pair.join(': '))];
      for (const secret of secrets)
        expect(
          all.filter((text) => text.includes(secret)),
          url,
        ).toEqual([]);
      // The one exception: the provider's own ID token on its way back to the provider (RP-Initiated Logout 1.0).
      const isWayOut = new URL(url).pathname === '/auth/logout' && headers.has('location');
      const rest = isWayOut ? all.filter((text) => !text.startsWith('location: ')) : all;
      expect(
        rest.filter((text) => text.includes('eyJ')),
        url,
      ).toEqual([]);
    }
  });

  it('lets nothing of a session be kept by caches', () => {
    const own = answers.filter(({ url }) => new URL(url).pathname.startsWith('/auth/'));
    expect(new Set(own.map(({ headers }) => headers.get('cache-control')))).toEqual(new Set(['no-store']));
  });
});

describe('what is written down', () => {
  it('is no token, code, state, cookie or password in any log line', () => {
    const lines = gateway.lines.map((line) => JSON.stringify(line));
    expect(lines.length).toBeGreaterThan(answers.length / 2);
    const queries = answers.flatMap(({ url }) => [...new URL(url).searchParams]);
    const codes = queries.filter(([name]) => ['code', 'state', 'ticket'].includes(name)).map(([, value]) => value);
    const cookies = answers.flatMap(({ headers }) =>
      headers.getSetCookie().map((cookie) => /=([^;]*)/.exec(cookie)?.[1] ?? ''),
    );
    const all = [...secrets, ...codes, ...cookies.filter(Boolean), 'sandbox-client-secret', '"sandbox"'];
    expect(all.length).toBeGreaterThan(10);
    for (const secret of all) expect(lines.filter((line) => line.includes(secret))).toEqual([]);
    expect(lines.filter((line) => line.includes('eyJ'))).toEqual([]);
  });

  it('is neither token nor cookie in Redis', () => {
    expect(stored.length).toBeGreaterThan(2);
    const id = answers.flatMap(({ headers }) => headers.getSetCookie()).find((cookie) => /^__Host-sid=\w/.test(cookie));
    const all = [...secrets, /=([^;]*)/.exec(id ?? '')?.[1] ?? 'no cookie', 'acme-alice'];
    for (const secret of all) {
      expect(stored.filter((text) => text.includes(secret))).toEqual([]);
      expect(stored.filter((text) => Buffer.from(text, 'base64').includes(secret))).toEqual([]);
    }
    // The letters alone are in about every hundredth of the sealed records by chance.
    expect(stored.filter((text) => /^eyJ|eyJ[\w-]+\.[\w-]+\./.test(text))).toEqual([]);
  });
});

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startSandbox } from '../../sandbox/environment.js';
import { type Claims, FakeProvider } from '../support/fake-provider.js';
import { beginAtFake, logoutToken, sendLogoutToken, signedInAtFake } from '../support/fake-sign-in.js';
import { type CommandFate, RedisProxy } from '../support/redis-proxy.js';
import { TestRedis } from '../support/redis.js';
import { callApi, type SsoGateway, startSsoGateway } from '../support/sso.js';
import { type Step, WebClient } from '../support/web-client.js';

const FATES: readonly [string, CommandFate][] = [
  ['before it runs', 'refuse'],
  ['after it ran, its reply lost', 'lose'],
];

let redis: TestRedis;
let proxy: RedisProxy;
let provider: FakeProvider;
/** At Redis by way of the proxy, and beside it. */
let gateway: SsoGateway;
let sound: SsoGateway;

beforeAll(async () => {
  redis = await TestRedis.start();
  [proxy, provider] = await Promise.all([RedisProxy.to(redis.port), FakeProvider.start()]);
  const sandbox = await startSandbox({ faultServer: false, idp: false });
  const env = { GATEWAY_REDIS_COMMAND_TIMEOUT: '5s', GATEWAY_SESSION_KEY: 'x'.repeat(48), ...provider.env };
  gateway = await startSsoGateway({ sandbox, env: { ...env, REDIS_URL: proxy.url } });
  const sameOrigin = { ...env, REDIS_URL: redis.url, GATEWAY_PUBLIC_URL: gateway.publicUrl };
  sound = await startSsoGateway({ sandbox, env: sameOrigin });
});
afterAll(async () => {
  await sound?.close();
  await gateway?.close();
  await provider?.close();
  await proxy?.close();
  await redis?.close();
});
beforeEach(() => provider.reset());
afterEach(() => proxy.pass());

const isSignedIn = async (client: WebClient) => (await callApi(client, gateway, '/auth/session')).status === 200;

/**
 * Runs work again and again, with its n-th command at Redis and all after that failing, until it sends no more than n.
 * Commands that are sent together fail together.
 */
async function failEach<T>(
  fate: CommandFate,
  prepare: () => Promise<T>,
  work: (prepared: T) => Promise<Step>,
  check: (prepared: T, answer: Step) => Promise<void>,
): Promise<number> {
  for (let n = 0, runs = 1; n < 50; runs++) {
    const prepared = await prepare();
    const seen = proxy.failFrom(n, fate);
    const answer = await work(prepared);
    const commands = seen();
    proxy.pass();
    if (commands <= n) expect(answer.status).toBe(200);
    else expect([200, 503]).toContain(answer.status);
    await check(prepared, answer);
    if (commands <= n) return runs;
    n = commands;
  }
  throw new Error('more than fifty commands');
}

describe.each(FATES)(
  'when Redis fails at any command of a back-channel logout, %s',
  { timeout: 120_000 },
  (_when, fate) => {
    const bob = { sub: 'bob-at-the-provider', email: 'bob@acme.test' };

    it.each([
      ['of a session', { sid: 'desk', sub: undefined }],
      ['of a person', { sub: bob.sub }],
      ['of a person in a session', { sid: 'desk', sub: bob.sub }],
    ])('the provider sends its token again, and all sessions %s end', async (_whose, claims) => {
      const other = await signIn({ sid: 'other' });
      const prepare = async () => ({
        clients: [await signIn({ ...bob, sid: 'desk' }), await signIn({ ...bob, sid: 'desk' })],
        token: await logoutToken(provider, claims),
      });
      const runs = await failEach(
        fate,
        prepare,
        ({ token }) => sendLogoutToken(gateway, token),
        async ({ clients, token }, { status }) => {
          if (status !== 200) expect((await sendLogoutToken(gateway, token)).status).toBe(200);
          expect(await Promise.all(clients.map(isSignedIn))).toEqual([false, false]);
          // The work is done now, so that the token is used up.
          expect((await sendLogoutToken(gateway, token)).status).toBe(400);
        },
      );
      expect(runs).toBeGreaterThan(6);
      expect(await isSignedIn(other)).toBe(true);
    });

    const signIn = (claims: Claims) => signedInAtFake(gateway, provider, claims);
  },
);

describe('a logout token that comes while a sign-in is under way', () => {
  const steps: readonly [string, (command: readonly string[]) => boolean][] = [
    ['before the session is registered for its person', (command) => isScript(command, 'session:sub:')],
    ['before it is registered for its session there', (command) => isScript(command, 'session:sid:')],
    ['before it is written', ([name, key = '']) => name === 'set' && /^session:[\w-]{43}$/.test(key)],
    ['before the last look at logouts', lastLook()],
  ];
  const names: readonly [string, Claims][] = [
    ['the person', {}],
    ['the session', { sub: undefined, sid: 'begins' }],
    ['both', { sid: 'begins' }],
  ];

  it.each(steps.flatMap(([when, isIt]) => names.map(([whom, claims]) => [when, whom, isIt, claims] as const)))(
    '%s, about %s, signs nobody in',
    async (_when, _whom, isIt, claims) => {
      const earlier = await signedInAtFake(gateway, provider, { sid: 'begins' });
      const client = new WebClient();
      const callback = await beginAtFake(client, gateway, provider, { sid: 'begins' });
      const hold = proxy.holdAt(isIt);
      const answer = client.request(callback);
      await hold.reached;
      const logout = await sendLogoutToken(sound, await logoutToken(provider, claims));
      hold.release();
      expect([logout.status, (await answer).status]).toEqual([200, 401]);
      expect(client.cookieNames(gateway.publicUrl, '__Host-')).toEqual([]);
      expect([await isSignedIn(client), await isSignedIn(earlier)]).toEqual([false, false]);
      await gateway.sandbox.calls.waitFor(({ method }) => method.endsWith('/Logout'));
      // Whoever signs in afterwards is signed in.
      expect(await isSignedIn(await signedInAtFake(gateway, provider, { sid: 'begins' }))).toBe(true);
    },
  );

  it('and was issued after the ID token, signs nobody in, whenever it came', async () => {
    const client = new WebClient();
    const iat = Math.floor(Date.now() / 1000) - 5;
    const callback = await beginAtFake(client, gateway, provider, { sid: 'early', iat });
    await sendLogoutToken(sound, await logoutToken(provider, { sid: 'early', sub: undefined }));
    expect((await client.request(callback)).status).toBe(401);
    expect(await isSignedIn(client)).toBe(false);
  });

  function isScript([name, , , key = '']: readonly string[], prefix: string): boolean {
    return (name === 'evalsha' || name === 'eval') && key.startsWith(prefix);
  }

  /** Marks of logouts are read when the identity is known, and once more when the session is written. */
  function lastLook(): (command: readonly string[]) => boolean {
    let isWritten = false;
    return ([name, key = '']) => {
      if (name === 'set' && /^session:[\w-]{43}$/.test(key)) isWritten = true;
      const isIt = isWritten && name === 'get' && key.startsWith('session:ended:');
      if (isIt) isWritten = false;
      return isIt;
    };
  }
});

describe.each(FATES)('when Redis fails at any command of a sign-out, %s', (_when, fate) => {
  const signOut = (client: WebClient) => callApi(client, gateway, '/auth/logout', { method: 'POST' });

  it('the person repeats it, is signed out, and gets to the provider', async () => {
    const runs = await failEach(
      fate,
      () => signedInAtFake(gateway, provider),
      signOut,
      async (client, answer) => {
        const last = answer.status === 200 ? answer : await signOut(client);
        expect(last.status).toBe(200);
        expect(client.cookie(gateway.publicUrl, '__Host-sid')).toBeUndefined();
        const { logoutUrl } = JSON.parse(last.body) as { logoutUrl: string };
        const atProvider = (await client.request(logoutUrl)).headers.get('location') ?? '';
        expect(atProvider).toMatch(/\/end\?id_token_hint=ey/);
        // One ticket, one use.
        expect((await client.request(logoutUrl)).headers.get('location')).toBe(`${gateway.publicUrl}/`);
      },
    );
    expect(runs).toBeGreaterThan(2);
  });

  it('its ticket alone: the person is signed out and gets to the provider without it', async () => {
    const client = await signedInAtFake(gateway, provider);
    proxy.fate = ([name, key = '']) => (name === 'set' && key.startsWith('session:out:') ? fate : 'pass');
    const { status, body } = await signOut(client);
    proxy.pass();
    expect([status, await isSignedIn(client)]).toEqual([200, false]);
    const { logoutUrl } = JSON.parse(body) as { logoutUrl: string };
    // Sealed: a token would have points in it.
    expect(new URL(logoutUrl).searchParams.get('ticket')).toMatch(/^[\w-]+$/);
    expect((await client.request(logoutUrl)).headers.get('location')).toMatch(/\/end\?id_token_hint=ey/);
    expect((await client.request(logoutUrl)).headers.get('location')).toBe(`${gateway.publicUrl}/`);
    const [changed = ''] = logoutUrl.match(/.*ticket=/) ?? [];
    const forged = await client.request(`${changed}${'A'.repeat(400)}`);
    expect(forged.headers.get('location')).toBe(`${gateway.publicUrl}/`);
  });
});

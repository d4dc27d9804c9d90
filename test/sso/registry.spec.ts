import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startSandbox } from '../../sandbox/environment.js';
import { type Claims, FakeProvider } from '../support/fake-provider.js';
import { logoutToken, sendLogoutToken, signedInAtFake } from '../support/fake-sign-in.js';
import { TestRedis } from '../support/redis.js';
import { callApi, type SsoGateway, startSsoGateway } from '../support/sso.js';
import type { WebClient } from '../support/web-client.js';

const BOB = { sub: 'bob-at-the-provider', email: 'bob@acme.test' };

describe.each(['memory', 'Redis'])('with sessions in %s, back-channel logout', (where) => {
  let redis: TestRedis | undefined;
  let provider: FakeProvider;
  let gateway: SsoGateway;

  beforeAll(async () => {
    redis = where === 'Redis' ? await TestRedis.start() : undefined;
    provider = await FakeProvider.start();
    const store = redis === undefined ? {} : { REDIS_URL: redis.url, GATEWAY_REDIS_COMMAND_TIMEOUT: '5s' };
    const env = { ...provider.env, GATEWAY_SESSION_KEY: 'x'.repeat(48), ...store };
    gateway = await startSsoGateway({ sandbox: await startSandbox({ faultServer: false, idp: false }), env });
  });
  afterAll(async () => {
    await gateway?.close();
    await provider?.close();
    await redis?.close();
  });
  beforeEach(() => provider.reset());

  const signIn = (claims: Claims = {}) => signedInAtFake(gateway, provider, claims);
  const isSignedIn = async (client: WebClient) => (await callApi(client, gateway, '/auth/session')).status === 200;
  const logOut = async (claims: Claims) => (await sendLogoutToken(gateway, await logoutToken(provider, claims))).status;

  it.each([
    ['that stayed signed in', false],
    ['that signed out again', true],
  ])('ends a session that is older than a hundred and twenty %s', { timeout: 120_000 }, async (_what, signsOut) => {
    const old = await signIn({ sid: 'old' });
    for (let i = 0; i < 120; i++) {
      const client = await signIn({ sid: `later-${i}` });
      if (signsOut) await callApi(client, gateway, '/auth/logout', { method: 'POST' });
    }
    expect(await isSignedIn(old)).toBe(true);
    const last = await signIn({ sid: 'last' });
    expect(await logOut({})).toBe(200);
    expect([await isSignedIn(old), await isSignedIn(last)]).toEqual([false, false]);
  });

  it('forgets each session that ends, and still knows that its person was here', async () => {
    const client = await signIn({ ...BOB, sid: 'bobs' });
    await callApi(client, gateway, '/auth/logout', { method: 'POST' });
    if (redis !== undefined) {
      const sets = [...(await redis.client.keys('session:sub:*')), ...(await redis.client.keys('session:sid:*'))];
      const members: string[] = [];
      for (const set of sets) members.push(...(await redis.client.zrange(set, '0', '-1')));
      const live = (await redis.client.keys('session:*')).map((key) => key.slice('session:'.length));
      expect(members.filter((member) => member !== '-' && !live.includes(member))).toEqual([]);
    }
    expect([await logOut({ sid: 'bobs', sub: undefined }), await logOut({ sub: BOB.sub })]).toEqual([200, 200]);
    expect([await logOut({ sid: 'never', sub: undefined }), await logOut({ sub: 'nobody' })]).toEqual([400, 400]);
  });

  it.each<[string, Claims, number, [alice: boolean, bob: boolean]]>([
    ['a session and its person', { sid: 'a', sub: 'alice-at-the-provider' }, 200, [false, true]],
    ["a session and another person's name", { sid: 'b', sub: 'alice-at-the-provider' }, 400, [true, true]],
    ['a session and nobody', { sid: 'b', sub: 'nobody' }, 400, [true, true]],
    ['a session that never was and a person', { sid: 'never', sub: 'alice-at-the-provider' }, 400, [true, true]],
    ['a session alone', { sid: 'b', sub: undefined }, 200, [true, false]],
    ['a person alone', { sub: BOB.sub }, 200, [true, false]],
  ])('with %s ends what belongs to both, or nothing', async (_what, claims, status, stay) => {
    const [alice, bob] = [await signIn({ sid: 'a' }), await signIn({ ...BOB, sid: 'b' })];
    expect(await logOut(claims)).toBe(status);
    expect([await isSignedIn(alice), await isSignedIn(bob)]).toEqual(stay);
  });

  it('with a session and a person ends sessions of which the provider never named its own', async () => {
    const [unnamed, named] = [await signIn(BOB), await signIn({ ...BOB, sid: 'named' })];
    expect(await logOut({ sid: 'unknown here', sub: BOB.sub })).toBe(200);
    expect([await isSignedIn(unnamed), await isSignedIn(named)]).toEqual([false, true]);
  });
});

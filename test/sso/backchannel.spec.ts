import { randomUUID } from 'node:crypto';
import { SignJWT } from 'jose';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startSandbox } from '../../sandbox/environment.js';
import { type Claims, FakeProvider, newKey } from '../support/fake-provider.js';
import { expectProblem } from '../support/problem.js';
import { TestRedis } from '../support/redis.js';
import { callApi, signIn, type SsoGateway, startSsoGateway } from '../support/sso.js';
import { type Step, WebClient } from '../support/web-client.js';

const EVENTS = { 'http://schemas.openid.net/event/backchannel-logout': {} };
const FORM = 'application/x-www-form-urlencoded';

describe('the identity provider', () => {
  let redis: TestRedis;
  let one: SsoGateway;
  let two: SsoGateway;

  beforeAll(async () => {
    redis = await TestRedis.start();
    const env = { REDIS_URL: redis.url, GATEWAY_REDIS_COMMAND_TIMEOUT: '2s' };
    const sandbox = await startSandbox({ faultServer: false });
    one = await startSsoGateway({ sandbox, env });
    two = await startSsoGateway({ sandbox, env: { ...env, GATEWAY_PUBLIC_URL: one.publicUrl } });
  });
  afterAll(async () => {
    await two?.close();
    await one?.close();
    await redis?.close();
  });

  it('ends the session of somebody who signs out there, on both gateways and at AuthService', async () => {
    const alice = new WebClient();
    const bob = new WebClient();
    await signIn(alice, one, 'alice@acme.test');
    await signIn(bob, one, 'bob@acme.test');
    expect(await statusAt(two, alice)).toBe(200);
    one.sandbox.calls.clear();

    const page = await alice.navigate(`${one.sandbox.idp?.issuer}/session/end`);
    await alice.submit(page, { logout: 'yes' });

    expect([await statusAt(one, alice), await statusAt(two, alice)]).toEqual([401, 401]);
    expect([await statusAt(one, bob), await statusAt(two, bob)]).toEqual([200, 200]);
    await one.sandbox.calls.waitFor(({ method, metadata }) => {
      return method.endsWith('/Logout') && metadata['x-gateway-subject']?.[0] === 'acme-alice';
    });
  });

  async function statusAt(gateway: SsoGateway, client: WebClient): Promise<number> {
    const id = client.cookie(one.publicUrl, '__Host-sid') ?? '';
    const headers = { cookie: `__Host-sid=${id}`, 'x-csrf': '1' };
    return (await new WebClient().request(`${gateway.url}/auth/session`, { headers })).status;
  }
});

describe('a logout token', () => {
  let provider: FakeProvider;
  let gateway: SsoGateway;

  beforeAll(async () => {
    provider = await FakeProvider.start();
    const sandbox = await startSandbox({ faultServer: false, idp: false });
    gateway = await startSsoGateway({ sandbox, env: provider.env });
  });
  afterAll(async () => {
    await gateway?.close();
    await provider?.close();
  });
  beforeEach(() => provider.reset());

  /** A browser that signed in as alice, in a session of the provider. */
  async function signedIn(sid: string): Promise<WebClient> {
    const client = new WebClient();
    const login = await client.request(`${gateway.publicUrl}/auth/fake/login`);
    const query = new URL(login.headers.get('location') ?? '').searchParams;
    provider.giveToken(await provider.sign({ sid, nonce: query.get('nonce') ?? '' }));
    const back = { code: 'c', iss: provider.issuer, state: query.get('state') ?? '' };
    await client.request(`${gateway.publicUrl}/auth/fake/callback?${new URLSearchParams(back).toString()}`);
    expect((await callApi(client, gateway, '/auth/session')).status).toBe(200);
    return client;
  }

  const logoutToken = (claims: Claims, header = {}) =>
    provider.sign(
      { events: EVENTS, jti: randomUUID(), email: undefined, email_verified: undefined, ...claims },
      { typ: 'logout+jwt', ...header },
    );

  function send(body: string, type = FORM): Promise<Step> {
    const init = { method: 'POST', body, headers: { 'content-type': type } };
    return new WebClient().request(`${gateway.url}/auth/backchannel-logout`, init);
  }

  const sendToken = (token: string) => send(new URLSearchParams({ logout_token: token }).toString());
  const isSignedIn = async (client: WebClient) => (await callApi(client, gateway, '/auth/session')).status === 200;

  function expectRefused(
    { status, body, headers }: Step,
    code: 'INVALID_ARGUMENT' | 'UNSUPPORTED_MEDIA_TYPE' = 'INVALID_ARGUMENT',
  ) {
    expectProblem({ status, body, contentType: headers.get('content-type') }, code);
  }

  it('for a session ends that one alone', async () => {
    const [desk, phone] = [await signedIn('desk'), await signedIn('phone')];
    const answer = await sendToken(await logoutToken({ sid: 'desk' }));
    expect([answer.status, answer.body, answer.headers.get('cache-control')]).toEqual([200, '', 'no-store']);
    expect([await isSignedIn(desk), await isSignedIn(phone)]).toEqual([false, true]);
  });

  it('for a person ends all of theirs', async () => {
    const clients = [await signedIn('one'), await signedIn('two')];
    expect((await sendToken(await logoutToken({}))).status).toBe(200);
    expect(await Promise.all(clients.map(isSignedIn))).toEqual([false, false]);
  });

  it('for what has ended already is fine', async () => {
    const client = await signedIn('gone');
    await callApi(client, gateway, '/auth/logout', { method: 'POST' });
    expect((await sendToken(await logoutToken({ sid: 'gone' }))).status).toBe(200);
  });

  it('is good for one use', async () => {
    await signedIn('first');
    const token = await logoutToken({ sid: 'first' });
    expect((await sendToken(token)).status).toBe(200);
    const later = await signedIn('first');
    expectRefused(await sendToken(token));
    expect(await isSignedIn(later)).toBe(true);
  });

  const now = () => Math.floor(Date.now() / 1000);
  const wrong: [string, Claims, object?][] = [
    ['of another issuer', { iss: 'https://other.test' }],
    ['for another client', { aud: 'other' }],
    ['without an event', { events: undefined }],
    ['with another event', { events: { 'http://schemas.openid.net/event/other': {} } }],
    ['with an event that is no object', { events: { 'http://schemas.openid.net/event/backchannel-logout': true } }],
    ['with a nonce, like an ID token', { nonce: 'x' }],
    ['that has expired', { exp: now() - 3600, iat: now() - 7200 }],
    ['without an end', { exp: undefined }],
    ['of the future', { iat: now() + 3600, exp: now() + 7200 }],
    ['that is old, whenever it ends', { iat: now() - 86_400, exp: now() + 86_400 }],
    ['without an id', { jti: undefined }],
    ['about nobody', { sid: undefined, sub: undefined }],
    ['about a session that was never here', { sid: 'never' }],
    ['about a person who was never here', { sid: undefined, sub: 'nobody' }],
  ];
  it.each(wrong)('%s is refused and ends nothing', async (_what, claims, header) => {
    const client = await signedIn('mine');
    expectRefused(await sendToken(await logoutToken({ sid: 'mine', ...claims }, header)));
    expect(await isSignedIn(client)).toBe(true);
  });

  it('that the provider did not sign is refused', async () => {
    const client = await signedIn('signed');
    const stranger = await newKey();
    const claims = { iss: provider.issuer, aud: 'gateway', sub: 'x', sid: 'signed', jti: randomUUID(), events: EVENTS };
    const unsigned = `${encode({ alg: 'none' })}.${encode({ ...claims, iat: now(), exp: now() + 60 })}.`;
    const bySecret = await new SignJWT(claims)
      .setProtectedHeader({ alg: 'HS256' })
      .setIssuedAt()
      .setExpirationTime('1m')
      .sign(Buffer.from(provider.env['GATEWAY_SSO_FAKE_CLIENT_SECRET'] ?? ''));
    const sameName = { ...stranger, jwk: { ...stranger.jwk, kid: provider.key.jwk.kid ?? '' } };
    const forged = await provider.sign({ sid: 'signed', jti: randomUUID(), events: EVENTS }, {}, sameName);
    for (const token of [unsigned, bySecret, forged]) expectRefused(await sendToken(token));
    expect(await isSignedIn(client)).toBe(true);
  });

  it.each([
    '',
    'logout_token=',
    'logout_token=a.b.c',
    'logout_token=%00',
    'token=x',
    'logout_token=a&logout_token=b',
    '%%%',
  ])('is not what the body %j holds', async (body) => expectRefused(await send(body)));

  it('comes in a form', async () => {
    const token = await logoutToken({});
    expectRefused(await send(JSON.stringify({ logout_token: token }), 'application/json'), 'UNSUPPORTED_MEDIA_TYPE');
  });

  function encode(value: object): string {
    return Buffer.from(JSON.stringify(value)).toString('base64url');
  }
});

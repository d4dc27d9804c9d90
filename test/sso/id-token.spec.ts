import { SignJWT, UnsecuredJWT } from 'jose';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startSandbox } from '../../sandbox/environment.js';
import type { GatewayErrorCode } from '../../src/domain/errors.js';
import { type Claims, FakeProvider, newKey } from '../support/fake-provider.js';
import { expectProblem } from '../support/problem.js';
import { callApi, type SsoGateway, startSsoGateway } from '../support/sso.js';
import { type Step, WebClient } from '../support/web-client.js';

let provider: FakeProvider;
let gateway: SsoGateway;
let client: WebClient;

beforeAll(async () => {
  provider = await FakeProvider.start();
  const sandbox = await startSandbox({ faultServer: false, idp: false });
  gateway = await startSsoGateway({ sandbox, env: provider.env });
});
afterAll(async () => {
  await gateway?.close();
  await provider?.close();
});
beforeEach(() => {
  provider.reset();
  client = new WebClient();
});

/** Begins a sign-in and gives what the provider is to send back. */
async function begin(): Promise<{ readonly state: string; readonly nonce: string }> {
  const login = await client.request(`${gateway.publicUrl}/auth/fake/login`);
  const query = new URL(login.headers.get('location') ?? '').searchParams;
  return { state: query.get('state') ?? '', nonce: query.get('nonce') ?? '' };
}

function comeBack(query: Record<string, string>): Promise<Step> {
  const all = { code: 'code-of-the-provider', iss: provider.issuer, ...query };
  return client.request(`${gateway.publicUrl}/auth/fake/callback?${new URLSearchParams(all).toString()}`);
}

/** A whole sign-in with an ID token made for it. */
async function signInWith(makeToken: (nonce: string) => Promise<string> | string): Promise<Step> {
  const { state, nonce } = await begin();
  provider.giveToken(await makeToken(nonce));
  return comeBack({ state });
}

async function loginsOf(outcome: string): Promise<number> {
  const text = await (await fetch(`${gateway.url}/metrics`)).text();
  const [, value] =
    new RegExp(`^gateway_sso_logins_total{provider="fake",outcome="${outcome}"} (\\d+)$`, 'm').exec(text) ?? [];
  return Number(value);
}

async function expectRefused(answer: Step, outcome: string, code: GatewayErrorCode): Promise<void> {
  const { status, body, headers } = answer;
  expectProblem({ status, body, contentType: headers.get('content-type') }, code);
  expect(client.cookie(gateway.publicUrl, '__Host-sid')).toBeUndefined();
  expect((await callApi(client, gateway, '/auth/session')).status).toBe(401);
  const isThis = (line: object) => 'request_id' in line && line.request_id === headers.get('x-request-id');
  await expect.poll(() => gateway.lines.filter(isThis)).toHaveLength(1);
  const line = JSON.stringify(gateway.lines.find(isThis));
  expect(line).not.toContain('code-of-the-provider');
  expect(line).not.toContain(new URL(answer.url).searchParams.get('state') ?? 'no state');
  expect(await loginsOf(outcome)).toBeGreaterThan(0);
}

const now = () => Math.floor(Date.now() / 1000);

describe('an ID token', () => {
  it('that is good signs in', async () => {
    const before = await loginsOf('success');
    const answer = await signInWith((nonce) => provider.sign({ nonce }));
    expect([answer.status, answer.headers.get('location')]).toEqual([302, '/']);
    expect(await loginsOf('success')).toBe(before + 1);
  });

  const wrongClaims: [string, Claims, string][] = [
    ['of another sign-in', { nonce: 'another nonce' }, 'nonce_mismatch'],
    ['without a nonce', { nonce: undefined }, 'idp_error'],
    ['for another client', { aud: 'other' }, 'idp_error'],
    ['for several clients without saying for which', { aud: ['gateway', 'other'] }, 'idp_error'],
    ['for several clients and this one is not meant', { aud: ['gateway', 'other'], azp: 'other' }, 'idp_error'],
    ['of another issuer', { iss: 'https://other.test' }, 'idp_error'],
    ['that has expired', { exp: now() - 3600 }, 'idp_error'],
    ['without an end', { exp: undefined }, 'idp_error'],
    ['of the future', { iat: now() + 3600, exp: now() + 7200 }, 'idp_error'],
    ['without a subject', { sub: undefined }, 'idp_error'],
  ];
  it.each(wrongClaims)('%s is refused', async (_what, claims, outcome) => {
    const answer = await signInWith((nonce) => provider.sign({ nonce, ...claims }));
    await expectRefused(answer, outcome, 'UNAUTHENTICATED');
  });

  it('without a signature is refused', async () => {
    const answer = await signInWith((nonce) =>
      new UnsecuredJWT({ nonce, email: 'alice@acme.test' })
        .setIssuer(provider.issuer)
        .setAudience('gateway')
        .setSubject('x')
        .setIssuedAt()
        .setExpirationTime('5m')
        .encode(),
    );
    await expectRefused(answer, 'idp_error', 'UNAUTHENTICATED');
  });

  it('signed with the client secret is refused', async () => {
    const secret = Buffer.from(provider.env['GATEWAY_SSO_FAKE_CLIENT_SECRET'] ?? '');
    const answer = await signInWith((nonce) =>
      new SignJWT({ nonce, email: 'alice@acme.test', email_verified: true })
        .setProtectedHeader({ alg: 'HS256' })
        .setIssuer(provider.issuer)
        .setAudience('gateway')
        .setSubject('x')
        .setIssuedAt()
        .setExpirationTime('5m')
        .sign(secret),
    );
    await expectRefused(answer, 'idp_error', 'UNAUTHENTICATED');
  });

  it('signed with a key that the provider does not publish is refused', async () => {
    const stranger = await newKey();
    const answer = await signInWith((nonce) => provider.sign({ nonce }, {}, stranger));
    await expectRefused(answer, 'idp_error', 'UNAUTHENTICATED');
    const sameName = { ...stranger, jwk: { ...stranger.jwk, kid: provider.key.jwk.kid ?? '' } };
    const again = await signInWith((nonce) => provider.sign({ nonce }, {}, sameName));
    await expectRefused(again, 'idp_error', 'UNAUTHENTICATED');
  });
});

describe('the rest of the answer', () => {
  it('claims of another subject at the userinfo endpoint are refused', async () => {
    provider.answers['/userinfo'] = () => ({ sub: 'somebody-else', email: 'root@platform.test', email_verified: true });
    const answer = await signInWith((nonce) => provider.sign({ nonce, email: undefined }));
    expect(provider.asked).toContain('/userinfo');
    await expectRefused(answer, 'idp_error', 'UNAUTHENTICATED');
  });

  it('the userinfo endpoint completes an ID token without an e-mail address', async () => {
    provider.answers['/userinfo'] = () => ({
      sub: 'carol-at-the-provider',
      email: 'carol@globex.test',
      email_verified: true,
    });
    const answer = await signInWith((nonce) =>
      provider.sign({ nonce, sub: 'carol-at-the-provider', email: undefined }),
    );
    expect(answer.status).toBe(302);
    expect(JSON.parse((await callApi(client, gateway, '/auth/session')).body)).toMatchObject({ tenantId: 'globex' });
  });

  it.each([false, 'false', 'yes', 'true', '1', 1, null, undefined, {}])(
    'an e-mail address that is verified with %j does not get into its account',
    async (email_verified) => {
      const answer = await signInWith((nonce) =>
        provider.sign({ nonce, sub: 'mallory', email: 'root@platform.test', email_verified }),
      );
      await expectRefused(answer, 'exchange_failed', 'PERMISSION_DENIED');
    },
  );

  it('an e-mail address of the userinfo endpoint is not verified by the ID token', async () => {
    provider.answers['/userinfo'] = () => ({ sub: 'mallory', email: 'root@platform.test' });
    const answer = await signInWith((nonce) => provider.sign({ nonce, sub: 'mallory', email: undefined }));
    expect(provider.asked).toContain('/userinfo');
    await expectRefused(answer, 'exchange_failed', 'PERMISSION_DENIED');
  });

  it.each([
    ['longer than anybody keeps', { name: 'x'.repeat(5000) }],
    ['cut in the middle of a character', { name: `${'x'.repeat(255)}😀` }],
    ['half of a character', { name: 'x \ud800' }],
    ['no text', { name: { given: 'Alice' } }],
    ['null', { name: null }],
  ])('a name that is %s keeps nobody out', async (_what, claims) => {
    const answer = await signInWith((nonce) => provider.sign({ nonce, ...claims }));
    expect([answer.status, answer.headers.get('location')]).toEqual([302, '/']);
  });

  it.each([
    ['without the issuer that the provider always names', { iss: '' }],
    ['with the issuer of another provider', { iss: 'https://other.test' }],
  ])('a callback %s is refused before the code is used', async (_what, change) => {
    const { state, nonce } = await begin();
    provider.giveToken(await provider.sign({ nonce }));
    provider.asked.length = 0;
    await expectRefused(await comeBack({ state, ...change }), 'idp_error', 'UNAUTHENTICATED');
    expect(provider.asked).not.toContain('/token');
  });

  it.each([
    ['answers with an error', () => undefined],
    ['sends more than it may', () => ({ access_token: 'x'.repeat(300_000), token_type: 'Bearer' })],
  ])('a token endpoint that %s signs nobody in', async (_what, token) => {
    const { state } = await begin();
    provider.answers['/token'] = token;
    const answer = await comeBack({ state });
    expect([401, 503]).toContain(answer.status);
    await expectRefused(answer, 'idp_error', answer.status === 503 ? 'AUTH_UNAVAILABLE' : 'UNAUTHENTICATED');
  });
});

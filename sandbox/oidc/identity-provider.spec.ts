import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebClient } from '../../test/support/web-client.js';
import { startSandbox, type SandboxEnvironment } from '../environment.js';

const GATEWAY = 'http://localhost:8080';
const CALLBACK = `${GATEWAY}/auth/sandbox/callback`;
/** RFC 7636, appendix B. */
const CHALLENGE = 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM';

let sandbox: SandboxEnvironment;
let issuer: string;

beforeAll(async () => {
  sandbox = await startSandbox({ faultServer: false });
  sandbox.gatewayEnv(GATEWAY);
  issuer = sandbox.idp?.issuer ?? '';
});
afterAll(() => sandbox?.close());

function authorize(changes: Record<string, string | undefined> = {}): string {
  const query = {
    client_id: 'api-gateway',
    response_type: 'code',
    scope: 'openid email',
    redirect_uri: CALLBACK,
    state: 'a state',
    code_challenge: CHALLENGE,
    code_challenge_method: 'S256',
    ...changes,
  };
  const kept = Object.entries(query).filter((pair): pair is [string, string] => pair[1] !== undefined);
  return `${issuer}/auth?${new URLSearchParams(kept).toString()}`;
}

const isBack = (url: string) => url.startsWith(CALLBACK);
const jwks = async () => (await (await fetch(`${issuer}/jwks`)).json()) as { keys: { kid: string; d?: string }[] };

describe('the identity provider of the sandbox', () => {
  it('says who it is and what it can do', async () => {
    const metadata = await (await fetch(`${issuer}/.well-known/openid-configuration`)).json();
    expect(metadata).toMatchObject({
      issuer,
      authorization_response_iss_parameter_supported: true,
      backchannel_logout_session_supported: true,
      code_challenge_methods_supported: ['S256'],
      end_session_endpoint: `${issuer}/session/end`,
      response_types_supported: ['code'],
    });
  });

  it('signs in with address and password, and says which answer is its own', async () => {
    const client = new WebClient();
    const form = await client.navigate(authorize(), isBack);
    for (const part of ['<label for="email">', '<label for="password">', '<html lang="en">']) {
      expect(form.body).toContain(part);
    }
    const wrong = await client.submit(
      form,
      { email: 'alice@acme.test"><b>', password: 'wrong', action: 'sign-in' },
      isBack,
    );
    expect(wrong.status).toBe(401);
    expect(wrong.body).toContain('role="alert"');
    expect(wrong.body).not.toContain('<b>');
    const back = await client.submit(
      wrong,
      { email: 'alice@acme.test', password: 'sandbox', action: 'sign-in' },
      isBack,
    );
    const answer = new URL(back.headers.get('location') ?? '').searchParams;
    expect(answer.get('iss')).toBe(issuer);
    expect(answer.get('state')).toBe('a state');
    expect(answer.get('code')).toMatch(/./);
  });

  it.each([
    ['without a code challenge', { code_challenge: undefined, code_challenge_method: undefined }],
    ['with a plain code challenge', { code_challenge_method: 'plain' }],
  ])('sends %s nobody back with a code', async (_what, changes) => {
    const back = await new WebClient().navigate(authorize(changes), isBack);
    const answer = new URL(back.headers.get('location') ?? '').searchParams;
    expect([answer.get('error'), answer.get('code')]).toEqual(['invalid_request', null]);
  });

  it.each([
    ['another address', { redirect_uri: 'http://localhost:8080/elsewhere' }],
    ['another client', { client_id: 'other' }],
  ])('sends nobody to %s', async (_what, changes) => {
    const answer = await new WebClient().navigate(authorize(changes), () => true);
    expect([answer.status, answer.headers.get('location')]).toEqual([400, null]);
  });

  it('says that a sign-in is over instead of asking for a password', async () => {
    const answer = await new WebClient().request(`${issuer}/interaction/unknown`);
    expect([answer.status, answer.body.includes('<form')]).toEqual([400, false]);
  });

  it('publishes the public part of its keys, the newest first, old ones beside it', async () => {
    const [before] = (await jwks()).keys;
    const kid = await sandbox.idp?.rotateKeys();
    const { keys } = await jwks();
    expect(keys.map((key) => key.kid).slice(0, 2)).toEqual([kid, before?.kid]);
    expect(keys.filter((key) => key.d !== undefined)).toEqual([]);
  });
});

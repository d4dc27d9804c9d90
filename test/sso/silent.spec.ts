import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startSandbox } from '../../sandbox/environment.js';
import { FakeProvider } from '../support/fake-provider.js';
import { expectFetchProblem, expectProblem } from '../support/problem.js';
import { TestRedis } from '../support/redis.js';
import { callApi, goToProvider, signIn, type SsoGateway, startSsoGateway } from '../support/sso.js';
import { type Step, WebClient } from '../support/web-client.js';

const SILENT = '?prompt=none&returnTo=%2Fapp%3Fsilent%3D1';
const RETURN_TO = '/app?silent=1';

let client: WebClient;
beforeEach(() => void (client = new WebClient()));

describe('a silent sign-in', () => {
  let gateway: SsoGateway;
  beforeAll(async () => void (gateway = await startSsoGateway()));
  afterAll(() => gateway?.close());

  /** Opens the login as a page does that only wants to know, up to where it comes back to. */
  const trySilently = (path = '/auth/sandbox/login') =>
    client.navigate(`${gateway.publicUrl}${path}${SILENT}`, (next) => next === gateway.publicUrl + RETURN_TO);

  async function expectBack({ status, headers, body }: Step, isSignedIn: boolean): Promise<void> {
    expect([status, headers.get('location'), body]).toEqual([302, RETURN_TO, '']);
    expect(client.cookieNames(gateway.publicUrl, '__Host-login-')).toEqual([]);
    expect((await callApi(client, gateway, '/auth/session')).status).toBe(isSignedIn ? 200 : 401);
  }

  it.each(['/auth/sandbox/login', '/auth/login'])(
    'at %s comes back without a session when the provider knows nobody',
    async (path) => {
      await expectBack(await trySilently(path), false);
      expect(client.steps.some(({ url }) => url.includes('/interaction/'))).toBe(false);
      const metrics = await (await fetch(`${gateway.url}/metrics`)).text();
      expect(metrics).toMatch(/gateway_sso_logins_total\{provider="sandbox",outcome="login_required"\} [1-9]/);
    },
  );

  it('signs in whom the provider knows, and shows nothing', async () => {
    await signIn(client, gateway, 'alice@acme.test');
    await callApi(client, gateway, '/auth/logout', { method: 'POST' });
    client.steps.length = 0;
    await expectBack(await trySilently(), true);
    expect(client.steps.some(({ url }) => url.includes('/interaction/'))).toBe(false);
  });

  it('that comes to nothing leaves a session as it is', async () => {
    await signIn(client, gateway, 'alice@acme.test');
    const id = client.cookie(gateway.publicUrl, '__Host-sid');
    const page = await client.navigate(`${gateway.sandbox.idp?.issuer}/session/end`);
    expect(page.status).toBe(200);
    const other = new WebClient();
    other.setCookie(gateway.publicUrl, '__Host-sid', id ?? '');
    client = other;
    await expectBack(await trySilently(), true);
    expect(client.cookie(gateway.publicUrl, '__Host-sid')).toBe(id);
  });

  it.each(['prompt=login', 'prompt=', 'prompt=none%20login', 'prompt=none&prompt=none'])('is not %s', async (query) => {
    const answer = await fetch(`${gateway.publicUrl}/auth/sandbox/login?${query}`, { redirect: 'manual' });
    expect(answer.headers.getSetCookie()).toEqual([]);
    await expectFetchProblem(answer, 'INVALID_ARGUMENT');
  });
});

describe('a silent sign-in while Redis does not answer', () => {
  let redis: TestRedis;
  let gateway: SsoGateway;
  beforeAll(async () => {
    redis = await TestRedis.start();
    gateway = await startSsoGateway({ env: { REDIS_URL: redis.url } });
  });
  afterAll(async () => {
    redis.thaw();
    await gateway?.close();
    await redis?.close();
  });

  it('comes back to its page', async () => {
    const { headers } = await goToProvider(client, gateway, SILENT);
    redis.freeze();
    const answer = await client.request(headers.get('location') ?? '', { headers: { accept: 'text/html' } });
    expect([answer.status, answer.headers.get('location'), answer.body]).toEqual([302, RETURN_TO, '']);
  });
});

describe('what a provider answers', () => {
  let provider: FakeProvider;
  let gateway: SsoGateway;
  beforeAll(async () => {
    provider = await FakeProvider.start();
    gateway = await startSsoGateway({
      sandbox: await startSandbox({ faultServer: false, idp: false }),
      env: provider.env,
    });
  });
  afterAll(async () => {
    await gateway?.close();
    await provider?.close();
  });
  beforeEach(() => provider.reset());

  async function comeBack(query: string, answer: Record<string, string>): Promise<Step> {
    const login = await client.request(`${gateway.publicUrl}/auth/fake/login${query}`);
    const sent = new URL(login.headers.get('location') ?? '').searchParams;
    expect(sent.get('prompt')).toBe(query === SILENT ? 'none' : null);
    const back = new URLSearchParams({ iss: provider.issuer, state: sent.get('state') ?? '', ...answer });
    if (answer['code'] !== undefined) {
      provider.giveToken(await provider.sign({ nonce: sent.get('nonce') ?? '', ...stranger }));
    }
    return client.request(`${gateway.publicUrl}/auth/fake/callback?${back.toString()}`, {
      headers: { accept: 'text/html' },
    });
  }

  const stranger = { sub: 'mallory', email: 'root@platform.test', email_verified: false };

  it.each([
    [{ error: 'login_required' }],
    [{ error: 'interaction_required' }],
    [{ error: 'consent_required' }],
    [{ error: 'account_selection_required' }],
    [{ error: 'temporarily_unavailable' }],
    [{ error: 'access_denied' }],
    [{ code: 'of somebody whom AuthService refuses' }],
  ])('%j leads a silent sign-in back, and another one to a page', async (answer) => {
    const silent = await comeBack(SILENT, answer);
    expect([silent.status, silent.headers.get('location'), silent.body]).toEqual([302, RETURN_TO, '']);
    expect(client.cookieNames(gateway.publicUrl, '__Host-')).toEqual([]);
    const loud = await comeBack('?returnTo=%2Fapp', answer);
    expect([loud.status >= 400, loud.headers.get('content-type')]).toEqual([true, 'text/html; charset=utf-8']);
  });

  it('a silent sign-in with a state that is not known here is an error like any other', async () => {
    const answer = await comeBack(SILENT, { error: 'login_required', state: 'unknown' });
    expect([answer.status, answer.headers.get('location')]).toEqual([400, null]);
    const { status, body, headers } = await client.request(`${gateway.publicUrl}/auth/fake/callback?state=x`);
    expectProblem({ status, body, contentType: headers.get('content-type') }, 'INVALID_ARGUMENT');
  });

  it('a silent sign-in at a provider that cannot be reached comes back, and begins nothing', async () => {
    const own = await startSsoGateway();
    try {
      await own.sandbox.setFault('idp', { mode: 'down' });
      const answer = await client.request(`${own.publicUrl}/auth/sandbox/login${SILENT}`);
      expect([answer.status, answer.headers.get('location')]).toEqual([302, RETURN_TO]);
      expect(answer.headers.getSetCookie()).toEqual([]);
    } finally {
      await own.close();
    }
  });
});

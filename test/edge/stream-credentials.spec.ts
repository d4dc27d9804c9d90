import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { API_KEYS, Credentials } from '../../sandbox/auth/credentials.js';
import { startSandbox } from '../../sandbox/environment.js';
import { namedShape, ShapesBackend, TENANT_CACHE } from '../support/cached-shapes.js';
import { Client } from '../support/client.js';

import type { BytesStream } from '../support/grpc-backend.js';
import { callApi, FROM_PAGE, signIn, type SsoGateway, startSsoGateway } from '../support/sso.js';
import { TestRedis } from '../support/redis.js';
import { WebClient } from '../support/web-client.js';

const PATH = '/shapes/v1/shapes/one:rotate';
const FORMATS = ['text/event-stream', 'application/x-ndjson', 'application/json'] as const;

let shapes: ShapesBackend;
let gateway: SsoGateway;
const calls: BytesStream[] = [];

async function start(env: Readonly<Record<string, string>> = {}): Promise<void> {
  shapes = await ShapesBackend.start(TENANT_CACHE, {});
  shapes.stream = (call) => {
    calls.push(call);
    call.write(namedShape('first'));
  };
  const sandbox = await startSandbox({ faultServer: false });
  gateway = await startSsoGateway({
    sandbox,
    env: { ...shapes.env, GATEWAY_JWT_CLOCK_TOLERANCE: '0s', GATEWAY_AUTH_CACHE_TTL: '1s', ...env },
  });
}

async function stop(): Promise<void> {
  await gateway.close();
  shapes.close();
}

afterEach(() => {
  calls.length = 0;
  vi.restoreAllMocks();
});

type Headers = Readonly<Record<string, string>>;
const bearer = (token: string): Headers => ({ authorization: `Bearer ${token}` });

/** One open stream in each format, its first message read; resolves to what each was in the end. */
async function openAll(headers: Headers): Promise<{ ends: Promise<(string | undefined)[]> }> {
  const responses = await Promise.all(FORMATS.map((accept) => open(headers, accept)));
  expect(responses.map(({ status }) => status)).toEqual([200, 200, 200]);
  return { ends: Promise.all(responses.map((response) => response.text().catch(() => undefined))) };
}

function open(headers: Headers, accept: string): Promise<Response> {
  const all = { 'content-type': 'application/json', ...headers, accept };
  return fetch(gateway.publicUrl + PATH, { method: 'POST', headers: all, body: '{}' });
}

/** Returns the error at the end of a stream, in each format; a JSON array has no place for it, and does not parse. */
function reasonsOf([events = '', lines = '', array]: (string | undefined)[]): unknown[] {
  const [name, data = ''] = events.trimEnd().split('\n\n').at(-1)?.split('\n') ?? [];
  expect(name).toBe('event: error');
  const { error } = JSON.parse(lines.trimEnd().split('\n').at(-1) ?? '') as { error: unknown };
  return [JSON.parse(data.slice('data: '.length)), error, array];
}

/** Asserts that the streams of all formats ended for one reason, and their calls at the backend with them. */
async function expectEnded(ends: Promise<(string | undefined)[]>, code: string, reason: unknown): Promise<void> {
  const problem = expect.objectContaining({ code }) as unknown;
  expect(reasonsOf(await ends)).toEqual([problem, problem, undefined]);
  await expect.poll(() => calls.map(({ cancelled }) => cancelled)).toEqual([true, true, true]);
  const lines = () => gateway.lines.filter(({ rpc_method }) => String(rpc_method).endsWith('RotateShape')).slice(-3);
  await expect
    .poll(lines)
    .toMatchObject(FORMATS.map(() => ({ error_code: code, decision_reason: reason, outcome: 'deny', status: 200 })));
}

describe('open streams of every format end with', () => {
  beforeAll(() => start());
  afterAll(stop);

  it('the logout of their access token', async () => {
    const alice = await Client.of(gateway, 'alice@acme.test');
    const other = await Client.of(gateway, 'alice@acme.test');
    const { ends } = await openAll(bearer(alice.token));
    const untouched = await open(bearer(other.token), 'text/event-stream');
    expect((await alice.send('POST', '/api/v1/auth/logout', {})).status).toBe(200);
    const own = calls.splice(3);
    await expectEnded(ends, 'UNAUTHENTICATED', 'TOKEN_REVOKED');
    for (const call of own) call.end();
    expect(await untouched.text()).toContain('event: end');
  });

  it('the expiry of their access token', async () => {
    const exp = Math.floor(Date.now() / 1000) + 4;
    const token = await gateway.sandbox.issueToken('alice@acme.test', { exp });
    const { ends } = await openAll(bearer(token));
    await expectEnded(ends, 'UNAUTHENTICATED', 'TOKEN_EXPIRED');
    expect(Date.now()).toBeGreaterThanOrEqual(exp * 1000);
  });

  it('the end of their session', async () => {
    const browser = new WebClient();
    await signIn(browser, gateway, 'alice@acme.test');
    const { ends } = await openAll({
      ...FROM_PAGE,
      cookie: `__Host-sid=${browser.cookie(gateway.publicUrl, '__Host-sid')}`,
    });
    expect((await callApi(browser, gateway, '/auth/logout', { method: 'POST' })).status).toBe(200);
    // The sign-out ends its access token, too.
    await expectEnded(ends, 'UNAUTHENTICATED', expect.stringMatching(/^(SESSION_ENDED|TOKEN_REVOKED)$/));
  });

  it.each([
    ['an API key', { 'x-api-key': API_KEYS.acme }],
    ['an opaque token', bearer(API_KEYS.globex)],
  ])('the answer of AuthService that %s is not valid any more', async (_what, headers) => {
    const { ends } = await openAll(headers);
    vi.spyOn(Credentials.prototype, 'validate').mockResolvedValue({ valid: false } as never);
    const refused = async () => (await open(headers, 'text/event-stream')).status;
    await expect.poll(refused).toBe(401);
    calls.splice(3);
    await expectEnded(ends, 'UNAUTHENTICATED', 'SESSION_INVALID');
  });
});

describe('a tenant that is suspended', () => {
  beforeAll(() => start());
  afterAll(stop);

  it('has its open streams ended in every format, and no other tenant has', async () => {
    // What is not known is asked for again soon.
    await gateway.sandbox.setFault('tenant', { mode: 'down' });
    const [alice, carol] = [await Client.of(gateway, 'alice@acme.test'), await Client.of(gateway, 'carol@globex.test')];
    const { ends } = await openAll(bearer(carol.token));
    const other = await open(bearer(alice.token), 'text/event-stream');
    const { tenants } = gateway.sandbox.directory;
    tenants.set('globex', { ...tenants.get('globex')!, suspended: true });
    await gateway.sandbox.setFault('tenant', { mode: 'none' });
    const [untouched] = calls.splice(3);
    await expectEnded(ends, 'TENANT_SUSPENDED', 'TENANT_SUSPENDED');
    untouched?.end();
    expect(await other.text()).toContain('event: end');
  });
});

describe('the greatest age of a session', () => {
  let redis: TestRedis;
  beforeAll(async () => {
    redis = await TestRedis.start();
    await start({ REDIS_URL: redis.url, GATEWAY_STREAM_UNTIL_TOKEN_EXPIRY: 'false' });
  });
  afterAll(async () => {
    vi.useRealTimers();
    await stop();
    await redis.close();
  });

  it('ends its open streams, although it was used a moment ago', async () => {
    const browser = new WebClient();
    await signIn(browser, gateway, 'alice@acme.test');
    const cookie = `__Host-sid=${browser.cookie(gateway.publicUrl, '__Host-sid')}`;
    const { ends } = await openAll({ ...FROM_PAGE, cookie });
    vi.useFakeTimers({ toFake: ['Date'] });
    vi.setSystemTime(Date.now() + 12 * 3_600_000);
    await expectEnded(ends, 'UNAUTHENTICATED', 'SESSION_ENDED');
  });
});

describe('where the expiry of a token does not end streams', () => {
  beforeAll(() => start({ GATEWAY_STREAM_UNTIL_TOKEN_EXPIRY: 'false' }));
  afterAll(stop);

  it('they go on beyond it, to their own end', async () => {
    const exp = Math.floor(Date.now() / 1000) + 3;
    const token = await gateway.sandbox.issueToken('alice@acme.test', { exp });
    const stream = await open(bearer(token), 'text/event-stream');
    const refused = async () => (await open(bearer(token), 'text/event-stream')).status;
    // Two looks at the credential later.
    await expect.poll(async () => Date.now() > exp * 1000 + 2_500 && (await refused())).toBe(401);
    expect(calls[0]?.cancelled).toBe(false);
    calls[0]?.end();
    expect(await stream.text()).toContain('event: end');
  });
});

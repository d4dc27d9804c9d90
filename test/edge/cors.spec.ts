import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { GatewayErrorCode } from '../../src/domain/errors.js';
import { startSandbox, type SandboxEnvironment } from '../../sandbox/environment.js';
import { startTestGateway, type TestGateway } from '../support/gateway.js';
import { expectFetchProblem } from '../support/problem.js';
import { untilDenied } from '../support/rate-limits.js';

const APP = 'https://app.example.com';
const ADMIN = 'https://admin.example.com:8443';
const FOREIGN = 'https://app.example.com.evil.test';
const USERS = '/api/v1/users';

type Headers = Readonly<Record<string, string>>;

let sandbox: SandboxEnvironment;
let gateway: TestGateway;
let withoutSetting: TestGateway;
let token: string;

const start = (env: Headers) => startTestGateway({ sandbox, env: { GATEWAY_HEALTH_INTERVAL: '1h', ...env } });

beforeAll(async () => {
  sandbox = await startSandbox({ faultServer: false, idp: false });
  gateway = await start({ GATEWAY_CORS_ORIGINS: `${APP}, ${ADMIN}` });
  withoutSetting = await start({});
  token = await sandbox.issueToken('alice@acme.test');
});
afterAll(async () => {
  await Promise.all([gateway, withoutSetting].map((each) => each.gateway.drain()));
  await sandbox.close();
});

const send = (path: string, init: RequestInit & { headers?: Headers } = {}, to = gateway) => fetch(to.url + path, init);
const options = (path: string, headers: Headers = {}, to = gateway) => send(path, { method: 'OPTIONS', headers }, to);
const preflight = (path: string, method: string, origin = APP, to = gateway) =>
  options(path, { origin, 'access-control-request-method': method }, to);

/** The headers of an answer that have to do with its origin. */
function corsOf({ headers }: Response): Headers {
  return Object.fromEntries([...headers].filter(([name]) => name.startsWith('access-control-')));
}

const list = (header: string | null | undefined) => (header ?? '').split(', ');

describe('a preflight of an allowed origin', () => {
  it('is answered with what the path takes', async () => {
    const response = await preflight(`${USERS}/42`, 'PATCH');
    expect([response.status, await response.text(), response.headers.get('vary')]).toEqual([204, '', 'Origin']);
    const cors = corsOf(response);
    expect(cors).toMatchObject({
      'access-control-allow-origin': APP,
      'access-control-allow-credentials': 'true',
      'access-control-allow-methods': 'DELETE, GET, HEAD, PATCH, PUT, OPTIONS',
      'access-control-max-age': '600',
    });
    expect(list(cors['access-control-allow-headers'])).toEqual(
      expect.arrayContaining([
        ...['authorization', 'content-type', 'x-csrf', 'x-api-key', 'idempotency-key', 'x-request-id'],
        ...['x-request-timeout', 'grpc-timeout', 'traceparent', 'tracestate', 'if-none-match'],
      ]),
    );
  });

  it.each([
    ['/api/v1/ai:stream', 'POST, OPTIONS'],
    ['/api/v1/me', 'GET, HEAD, OPTIONS'],
    [`/${USERS}//`, 'GET, HEAD, POST, OPTIONS'],
    ['/openapi.json', 'GET, HEAD, OPTIONS'],
  ])('to %s allows %s', async (path, methods) => {
    expect(corsOf(await preflight(path, 'POST'))['access-control-allow-methods']).toBe(methods);
  });

  it('needs no credential and calls no backend', async () => {
    sandbox.calls.clear();
    expect((await preflight(USERS, 'POST')).status).toBe(204);
    expect(sandbox.calls.list()).toEqual([]);
  });

  it('is answered for each of the origins by its own name', async () => {
    expect(corsOf(await preflight(USERS, 'GET', ADMIN))['access-control-allow-origin']).toBe(ADMIN);
  });

  it('is answered for a path that nobody has, so that the page can read the 404', async () => {
    const response = await preflight('/api/v1/nothing', 'DELETE');
    expect(response.status).toBe(204);
    expect(list(corsOf(response)['access-control-allow-methods'])).toContain('DELETE');
  });

  it('counts for the rate of its address', async () => {
    const limited = await start({
      GATEWAY_CORS_ORIGINS: APP,
      GATEWAY_RATE_LIMIT_IP_RPS: '1',
      GATEWAY_RATE_LIMIT_IP_BURST: '5',
    });
    const denied = await untilDenied(() => preflight(USERS, 'GET', APP, limited));
    expect(corsOf(denied)['access-control-allow-origin']).toBe(APP);
    await expectFetchProblem(denied, 'RATE_LIMITED');
    await limited.gateway.drain();
  });
});

describe('an origin that is not allowed', () => {
  it.each([FOREIGN, 'null', 'http://app.example.com', `${APP}:444`, APP.toUpperCase(), `${APP}, ${ADMIN}`, ''])(
    '"%s" gets no CORS header, in a preflight or an answer',
    async (origin) => {
      const asked = await preflight(USERS, 'POST', origin);
      expect([asked.status, asked.headers.get('allow'), corsOf(asked)]).toEqual([204, 'GET, HEAD, POST, OPTIONS', {}]);
      const answer = await send(USERS, { headers: { origin, authorization: `Bearer ${token}` } });
      expect([answer.status, corsOf(answer), answer.headers.get('vary')]).toEqual([200, {}, 'Origin']);
    },
  );
});

describe('an answer to a page of an allowed origin', () => {
  /** May be read, with the session cookie, and is never meant for all origins. */
  function expectReadable(response: Response): void {
    const cors = corsOf(response);
    expect(cors).toMatchObject({ 'access-control-allow-origin': APP, 'access-control-allow-credentials': 'true' });
    expect(list(response.headers.get('vary'))).toContain('Origin');
    const exposed = new Set(list(cors['access-control-expose-headers']));
    expect([...response.headers.keys()].filter((name) => isOurs(name) && !exposed.has(name))).toEqual([]);
  }

  /** Neither readable anyway (Fetch 2.2.2) nor meant for the browser itself. */
  const isOurs = (name: string) =>
    !/^(access-control-|cache-control|content-|connection|date|keep-alive|referrer-|strict-|transfer-|vary|x-accel-|x-content-)/.test(
      name,
    );

  const asAlice = (path: string, headers: Headers = {}, init: RequestInit = {}) =>
    send(path, { ...init, headers: { origin: APP, authorization: `Bearer ${token}`, ...headers } });

  it.each(['/api/v1/me', USERS, '/api/v1/tenants/acme/config', '/openapi.json', '/livez'])('%s', async (path) => {
    const response = await asAlice(path);
    expect(response.status).toBe(200);
    expectReadable(response);
  });

  it('that it has already: 304', async () => {
    const path = '/api/v1/tenants/acme/config';
    const etag = (await asAlice(path)).headers.get('etag') ?? '';
    const response = await asAlice(path, { 'if-none-match': etag });
    expect(response.status).toBe(304);
    expectReadable(response);
  });

  it('that is a stream', async () => {
    const response = await asAlice(
      '/api/v1/ai:stream',
      { 'content-type': 'application/json' },
      { method: 'POST', body: '{"query":"stream 1 tokens slow 0ms"}' },
    );
    expect([response.status, (await response.text()).endsWith('event: end\ndata: {}\n\n')]).toEqual([200, true]);
    expectReadable(response);
  });

  const errors: [GatewayErrorCode, () => Promise<Response>][] = [
    ['UNAUTHENTICATED', () => send(USERS, { headers: { origin: APP } })],
    ['ROUTE_NOT_FOUND', () => asAlice('/api/v1/nothing')],
    ['METHOD_NOT_ALLOWED', () => asAlice(USERS, {}, { method: 'DELETE' })],
    ['TENANT_MISMATCH', () => asAlice(`${USERS}?tenant_id=globex`)],
    ['MALFORMED_REQUEST', () => asAlice(`${USERS}/%zz`)],
    ['INVALID_ARGUMENT', () => asAlice(USERS, { 'x-request-timeout': 'soon' })],
  ];
  it.each(errors)('that is the problem %s', async (code, ask) => {
    const response = await ask();
    expectReadable(response);
    await expectFetchProblem(response, code);
  });

  it('that is 429', async () => {
    const limited = await start({ GATEWAY_CORS_ORIGINS: APP, RATE_LIMIT_RPS: '1', RATE_LIMIT_BURST: '1' });
    const headers = { origin: APP, authorization: `Bearer ${token}` };
    const denied = await untilDenied(() => send(USERS, { headers }, limited));
    expectReadable(denied);
    await expectFetchProblem(denied, 'RATE_LIMITED');
    await limited.gateway.drain();
  });

  it('that is 503', async () => {
    await sandbox.setFault('user', { mode: 'down' });
    const response = await asAlice(`${USERS}/acme-alice`);
    await sandbox.setFault('user', { mode: 'none' });
    expectReadable(response);
    await expectFetchProblem(response, 'UPSTREAM_UNAVAILABLE');
  });
});

describe('without the setting', () => {
  it('nobody gets CORS headers', async () => {
    for (const response of [
      await preflight(USERS, 'POST', APP, withoutSetting),
      await send(USERS, { headers: { origin: APP, authorization: `Bearer ${token}` } }, withoutSetting),
      await send('/api/v1/nothing', { headers: { origin: APP } }, withoutSetting),
    ]) {
      expect([corsOf(response), response.headers.get('vary')]).toEqual([{}, null]);
    }
  });
});

describe.each([
  ['with', () => gateway],
  ['without', () => withoutSetting],
])('%s the setting, OPTIONS that is no preflight', (_how, to) => {
  it('answers with the methods of the path', async () => {
    const response = await options(USERS, {}, to());
    expect([response.status, response.headers.get('allow')]).toEqual([204, 'GET, HEAD, POST, OPTIONS']);
    expect(corsOf(response)).toEqual({});
  });

  it('is 404 for a path that nobody has', async () => {
    await expectFetchProblem(await options('/api/v1/nothing', {}, to()), 'ROUTE_NOT_FOUND');
  });
});

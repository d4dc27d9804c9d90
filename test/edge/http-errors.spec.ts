import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { GatewayErrorCode } from '../../src/domain/errors.js';
import { Client } from '../support/client.js';
import { startTestGateway, type TestGateway } from '../support/gateway.js';
import { expectFetchProblem, expectProblem } from '../support/problem.js';
import { sendRaw } from '../support/raw-http.js';

let gateway: TestGateway;
let alice: Client;

beforeAll(async () => {
  gateway = await startTestGateway({ env: { GATEWAY_MAX_BODY_BYTES: '64KiB' } });
  alice = await Client.of(gateway, 'alice@acme.test');
});
afterAll(() => gateway.close());

describe('an error of the HTTP layer is a problem', () => {
  const JSON_TYPE = { 'content-type': 'application/json' };
  const cases: [string, GatewayErrorCode, () => Promise<Response>][] = [
    ['an unknown path', 'ROUTE_NOT_FOUND', () => alice.get('/api/v1/nothing')],
    ['an unknown path of a known prefix', 'ROUTE_NOT_FOUND', () => alice.get('/api/v1/users/42/more')],
    ['a method that the path does not answer', 'METHOD_NOT_ALLOWED', () => alice.send('DELETE', '/api/v1/users')],
    ['a method that an own path does not answer', 'METHOD_NOT_ALLOWED', () => alice.send('POST', '/health', {})],
    ['a body over the limit', 'PAYLOAD_TOO_LARGE', () => alice.send('POST', '/api/v1/users', ' '.repeat(65_537))],
    [
      'a body over the limit without a token',
      'PAYLOAD_TOO_LARGE',
      () => fetch(`${gateway.url}/api/v1/users`, { method: 'POST', body: ' '.repeat(65_537), headers: JSON_TYPE }),
    ],
    [
      'a chunked body over the limit',
      'PAYLOAD_TOO_LARGE',
      () =>
        fetch(`${gateway.url}/api/v1/auth/login`, {
          method: 'POST',
          body: new Blob([' '.repeat(70_000)]).stream(),
          headers: JSON_TYPE,
          duplex: 'half',
        } as RequestInit),
    ],
    [
      'a body that is not JSON by its type',
      'UNSUPPORTED_MEDIA_TYPE',
      () => alice.send('POST', '/api/v1/users', '{}', { 'content-type': 'text/plain' }),
    ],
    [
      'a body in another charset',
      'UNSUPPORTED_MEDIA_TYPE',
      () => alice.send('POST', '/api/v1/users', '{}', { 'content-type': 'application/json; charset=utf-16' }),
    ],
    [
      'a compressed body',
      'UNSUPPORTED_MEDIA_TYPE',
      () => alice.send('POST', '/api/v1/users', '{}', { 'content-encoding': 'gzip' }),
    ],
    ['a broken percent sequence', 'MALFORMED_REQUEST', () => alice.get('/api/v1/users/%zz')],
    ['no token', 'UNAUTHENTICATED', () => fetch(`${gateway.url}/api/v1/users`)],
    [
      'no token and a body that is not JSON: who comes before what',
      'UNAUTHENTICATED',
      () =>
        fetch(`${gateway.url}/api/v1/users`, { method: 'POST', body: '{', headers: { 'content-type': 'text/plain' } }),
    ],
    [
      'a permission that is missing',
      'PERMISSION_DENIED',
      async () => (await Client.of(gateway, 'bob@acme.test')).send('POST', '/api/v1/users', '{'),
    ],
    [
      'an Accept that no stream format satisfies',
      'NOT_ACCEPTABLE',
      () => alice.send('POST', '/api/v1/ai:stream', { query: 'x' }, { accept: 'image/png' }),
    ],
  ];
  it.each(cases)('%s: %s', async (_what, code, send) => {
    await expectFetchProblem(await send(), code);
  });

  it('names the methods of the path in Allow', async () => {
    expect((await alice.send('DELETE', '/api/v1/users')).headers.get('allow')).toBe('GET, HEAD, POST, OPTIONS');
  });

  it.each([
    ['DELETE', '/api/v1/users', '/api/v1/users'],
    ['POST', '/api/v1/users/acme-bob', '/api/v1/users/{user_id}'],
    ['OPTIONS', '/api/v1/users/acme-bob', '/api/v1/users/{user_id}'],
    ['POST', '/docs/errors', '/docs/errors'],
    ['DELETE', '/nope', '_unmatched'],
  ])('logs %s %s under the route %s', async (method, path, route) => {
    const { headers } = await fetch(gateway.url + path, { method });
    const id = headers.get('x-request-id');
    await expect.poll(() => gateway.lines.find(({ request_id }) => request_id === id)).toMatchObject({ route });
  });

  it('answers OPTIONS with the methods of the path', async () => {
    const response = await fetch(`${gateway.url}/api/v1/users/42`, { method: 'OPTIONS' });
    expect([response.status, response.headers.get('allow')]).toEqual([204, 'DELETE, GET, HEAD, PATCH, PUT, OPTIONS']);
  });

  it('answers OPTIONS of the server as a whole', async () => {
    const [response] = await sendRaw(gateway.url, 'OPTIONS * HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
    expect([response?.status, response?.headers['allow']]).toEqual([
      204,
      'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS',
    ]);
  });

  it('answers HEAD like GET, without the body', async () => {
    const response = await alice.send('HEAD', '/api/v1/users/acme-alice');
    expect([response.status, await response.text()]).toEqual([200, '']);
    expect(Number(response.headers.get('content-length'))).toBeGreaterThan(100);
  });

  it('carries the request id of the answer in its body', async () => {
    const response = await fetch(`${gateway.url}/nope`, { headers: { 'x-request-id': 'abc.DEF-1' } });
    const body = await expectFetchProblem(response, 'ROUTE_NOT_FOUND');
    expect([body.request_id, response.headers.get('x-request-id')]).toEqual(['abc.DEF-1', 'abc.DEF-1']);
  });
});

describe('a client that asks before it sends its body', () => {
  const ask = (path: string, length: number, body = '') =>
    sendRaw(
      gateway.url,
      `POST ${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: ${length}\r\nExpect: 100-continue\r\n\r\n${body}`,
    );

  it('is told to go on', async () => {
    const answers = await ask('/api/v1/auth/login', 2, '{}');
    expect(answers.map(({ status }) => status)).toEqual([100, 400]);
  });

  it.each([
    ['for a body that is too long', '/api/v1/auth/login', 65_537, 413],
    ['where there is no route', '/nope', 2, 404],
    ['where there is no such method', '/livez', 2, 405],
  ])('is told at once that it need not, %s', async (_why, path, length, status) => {
    const [first] = await ask(path, length);
    expect([first?.status, first?.headers['connection']]).toEqual([status, 'close']);
  });
});

describe('a request to change the protocol', () => {
  it.each(['websocket', 'h2c'])('is answered as if it had not asked: %s', async (protocol) => {
    const [response, ...more] = await sendRaw(
      gateway.url,
      `GET /livez HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, close\r\nUpgrade: ${protocol}\r\n\r\n`,
    );
    expect([response?.status, response?.body, more]).toEqual([200, '{"status":"alive"}', []]);
  });
});

describe('a request whose framing two readers could read differently is refused', () => {
  const head = (lines: string[]) => `${lines.join('\r\n')}\r\nConnection: close\r\n\r\n`;
  const cases: [string, GatewayErrorCode, string][] = [
    ['two Host headers', 'MALFORMED_REQUEST', head(['GET /health HTTP/1.1', 'Host: a', 'Host: b'])],
    [
      'two Authorization headers',
      'MALFORMED_REQUEST',
      head(['GET /health HTTP/1.1', 'Host: a', 'Authorization: Bearer a.b.c', 'authorization: Bearer a.b.c']),
    ],
    ['a target with another host', 'MALFORMED_REQUEST', head(['GET http://evil.example/health HTTP/1.1', 'Host: a'])],
    ['no Host', 'MALFORMED_REQUEST', head(['GET /health HTTP/1.1'])],
    [
      'Content-Length and Transfer-Encoding',
      'MALFORMED_REQUEST',
      head(['POST /health HTTP/1.1', 'Host: a', 'Content-Length: 3', 'Transfer-Encoding: chunked']),
    ],
    ['a version to come', 'MALFORMED_REQUEST', head(['GET /health HTTP/2.0', 'Host: a'])],
    ['no version', 'MALFORMED_REQUEST', 'GET /health\r\n\r\n'],
    ['a Host that is none', 'MALFORMED_REQUEST', head(['GET /health HTTP/1.1', 'Host: a b/c'])],
    ['a Host with a user in it', 'MALFORMED_REQUEST', head(['GET /health HTTP/1.1', 'Host: user@a'])],
    [
      'a coding of the transfer that is not undone here',
      'MALFORMED_REQUEST',
      head(['POST /health HTTP/1.1', 'Host: a', 'Transfer-Encoding: gzip, chunked']),
    ],
    ['an expectation that nobody meets', 'MALFORMED_REQUEST', head(['GET /health HTTP/1.1', 'Host: a', 'Expect: tea'])],
    ['CONNECT', 'MALFORMED_REQUEST', 'CONNECT evil.example:443 HTTP/1.1\r\nHost: a\r\n\r\n'],
    ['a bare line feed', 'MALFORMED_REQUEST', 'GET /health HTTP/1.1\nHost: a\n\n'],
    ['bytes that are no HTTP', 'MALFORMED_REQUEST', '\u0016\u0003\u0001\u0002'],
    [
      'a header over the limit',
      'HEADERS_TOO_LARGE',
      head(['GET /health HTTP/1.1', 'Host: a', `X-Long: ${'x'.repeat(70_000)}`]),
    ],
    [
      'more header lines than the limit',
      'HEADERS_TOO_LARGE',
      head(['GET /health HTTP/1.1', 'Host: a', ...Array.from({ length: 99 }, (_, n) => `x${n}: ${n}`)]),
    ],
    ['a target that is too long', 'URI_TOO_LONG', head([`GET /health?${'a'.repeat(5_000)} HTTP/1.1`, 'Host: a'])],
  ];
  it.each(cases)('%s: %s', async (_what, code, bytes) => {
    const [response, ...more] = await sendRaw(gateway.url, bytes);
    expect(more).toEqual([]);
    if (response === undefined) throw new Error('no answer');
    expectProblem(
      { status: response.status, contentType: response.headers['content-type'], body: response.body },
      code,
    );
  });
});

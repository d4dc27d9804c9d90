import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestGateway, type TestGateway } from '../support/gateway.js';
import { RawClient } from '../support/raw-client.js';

/** Headers of every response. Written out here, so that the test notices a missing header. */
const ALWAYS = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
  'strict-transport-security': 'max-age=31536000; includeSubDomains',
  'x-content-type-options': 'nosniff',
  'x-request-id': expect.stringMatching(/^[\w.-]{1,64}$/) as string,
  'x-correlation-id': expect.stringMatching(/^[\w.-]{1,64}$/) as string,
  date: expect.stringMatching(/^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$/) as string,
};

/** The admin listener traces nothing. */
const TRACED = {
  traceparent: expect.stringMatching(/^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/) as string,
  'x-trace-id': expect.stringMatching(/^[0-9a-f]{32}$/) as string,
};

let gateway: TestGateway;
let token: string;

beforeAll(async () => {
  gateway = await startTestGateway({
    env: {
      OPS_PORT: '0',
      GATEWAY_ADMIN_ADDR: '127.0.0.1:0',
      GATEWAY_HEADERS_TIMEOUT: '1s',
      GATEWAY_RECEIVE_TIMEOUT: '1s',
      GATEWAY_MAX_BODY_BYTES: '64KiB',
    },
  });
  token = await gateway.sandbox.issueToken('alice@acme.test');
});
afterAll(() => gateway.close());

const head = (line: string, ...more: string[]) => [`${line} HTTP/1.1`, 'Host: localhost', ...more, '', ''].join('\r\n');
const asAlice = (line: string, ...more: string[]) => head(line, `Authorization: Bearer ${token}`, ...more);
const JSON_TYPE = 'Content-Type: application/json';

describe('an answer has the same common headers, whichever way it goes out', () => {
  const main = () => gateway.url;
  const ops = () => gateway.gateway.opsUrl ?? '';
  const admin = () => gateway.gateway.adminUrl ?? '';
  const garbage = '\u0016\u0003\u0001\u0002\r\n\r\n';
  const tooLarge = head('GET /', `x: ${'x'.repeat(70_000)}`);
  const cases: [string, () => string, number, () => string][] = [
    ['health', main, 200, () => head('GET /livez')],
    ['an RPC', main, 200, () => asAlice('GET /api/v1/users/acme-alice')],
    [
      'a stream',
      main,
      200,
      () =>
        asAlice('POST /api/v1/ai:stream', JSON_TYPE, 'Content-Length: 38') + '{"query":"stream 2 tokens slow 0ms"  }',
    ],
    ['OPTIONS', main, 204, () => head('OPTIONS /api/v1/users')],
    ['no token', main, 401, () => head('GET /api/v1/users')],
    ['no route', main, 404, () => head('GET /nope')],
    ['no such method', main, 405, () => head('DELETE /livez')],
    ['a body that is too large', main, 413, () => asAlice('POST /api/v1/ai', JSON_TYPE, 'Content-Length: 99999')],
    ['a target that is too long', main, 414, () => head(`GET /${'x'.repeat(5_000)}`)],
    ['a target that cannot be decoded', main, 400, () => asAlice('GET /api/v1/users/%zz')],
    ['bytes that are not HTTP', main, 400, () => garbage],
    ['a broken chunk', main, 400, () => asAlice('POST /api/v1/ai', JSON_TYPE, 'Transfer-Encoding: chunked') + 'zz\r\n'],
    ['CONNECT', main, 400, () => head('CONNECT x:1')],
    ['a head that does not come', main, 408, () => 'GET / HTTP/1.1\r\nHost'],
    ['a body that does not come', main, 408, () => asAlice('POST /api/v1/ai', JSON_TYPE, 'Content-Length: 9')],
    ['headers that are too large', main, 431, () => tooLarge],
    ['the ops port', ops, 200, () => head('GET /readyz')],
    ['the ops port, no route', ops, 404, () => head('GET /nope')],
    ['the ops port, no such method', ops, 405, () => head('POST /livez')],
    ['the ops port, bytes that are not HTTP', ops, 400, () => garbage],
    ['the ops port, headers that are too large', ops, 431, () => tooLarge],
    ['the admin listener', admin, 200, () => head('GET /admin/ping')],
    ['the admin listener, no route', admin, 404, () => head('GET /nope')],
    ['the admin listener, bytes that are not HTTP', admin, 400, () => garbage],
    ['the admin listener, headers that are too large', admin, 431, () => tooLarge],
  ];
  it.each(cases)('%s', async (_what, url, status, bytes) => {
    const client = (await RawClient.open(url())).send(bytes());
    await expect.poll(() => client.statuses).toEqual([status]);
    client.leave();
    expect(client.answers[0]?.headers).toMatchObject(url === admin ? ALWAYS : { ...ALWAYS, ...TRACED });
  });
});

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestGateway, type TestGateway } from '../support/gateway.js';
import { expectProblem } from '../support/problem.js';
import { RawClient } from '../support/raw-client.js';

let gateway: TestGateway;
let token: string;

beforeAll(async () => {
  gateway = await startTestGateway({
    env: {
      GATEWAY_RECEIVE_TIMEOUT: '2s',
      GATEWAY_HEADERS_TIMEOUT: '2s',
      GATEWAY_KEEP_ALIVE_TIMEOUT: '3s',
      GATEWAY_MAX_BODY_BYTES: '64KiB',
    },
  });
  token = await gateway.sandbox.issueToken('alice@acme.test');
});
afterAll(() => gateway.close());

const AUTHORIZED = () => `Host: a\r\nAuthorization: Bearer ${token}\r\nContent-Type: application/json\r\n`;
const GET = 'GET /docs/errors HTTP/1.1\r\nHost: a\r\n\r\n';
const NOPE = 'GET /nope HTTP/1.1\r\nHost: a\r\n\r\n';
const CHUNKED_NOPE = 'POST /nope HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n';
const GARBAGE = '\u0016\u0003\u0001\u0002\r\n\r\n';
const CONNECT = 'CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n';
const query = (text: string) => {
  const body = JSON.stringify({ query: text });
  return `POST /api/v1/ai HTTP/1.1\r\n${AUTHORIZED()}Content-Length: ${body.length}\r\n\r\n${body}`;
};
const naming = (request: string) => request.replace('\r\n', '\r\nUpgrade: h2c\r\n');
const upgrading = (request: string) => naming(request).replace('\r\n', '\r\nConnection: HTTP2-Settings, Upgrade\r\n');
const lines = (start: number) =>
  gateway.lines.slice(start).filter(({ logger, route }) => logger === 'AUTH_DECISION' && route !== '/livez');

describe('on one connection', () => {
  const cases: [string, () => string, number[]][] = [
    ['a request and bytes that are not HTTP', () => GET + GARBAGE, [200, 400]],
    ['a request that an upstream answers and bytes that are not HTTP', () => query('slow 300ms') + GARBAGE, [200, 400]],
    ['two requests, the slow one first', () => query('slow 300ms') + NOPE, [200, 404]],
    ['a request that an upstream answers, and CONNECT', () => query('slow 300ms') + CONNECT, [200, 400]],
    ['CONNECT and a request within the tunnel that is not one', () => CONNECT + GET, [400]],
    ['an answer before the body, and a broken chunk', () => `${CHUNKED_NOPE}zz\r\n`, [404]],
    ['an answer before the body, the body, and a request', () => `${CHUNKED_NOPE}0\r\n\r\n${NOPE}`, [404, 404]],
    [
      'a body that breaks off in a broken chunk',
      () => `POST /api/v1/ai HTTP/1.1\r\n${AUTHORIZED()}Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\nzz\r\n`,
      [400],
    ],
    ['a good request, and one whose chunk is broken', () => `${GET}${CHUNKED_NOPE}zz\r\n`, [200, 404]],
    [
      'the last request of a client, and more',
      () => GET.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n') + GARBAGE,
      [200],
    ],
    ['a request without a host, and a good one', () => `GET / HTTP/1.1\r\n\r\n${GET}`, [400]],
    [
      'a request that is twice framed, and a good one',
      () => `POST /nope HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${GET}`,
      [400],
    ],
    [
      'HTTP/1.0 with a transfer coding',
      () => `POST /nope HTTP/1.0\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${GET}`,
      [400],
    ],
    [
      'an expectation that nobody meets, its body, and a request',
      () => `POST /nope HTTP/1.1\r\nHost: a\r\nExpect: tea\r\nContent-Length: 2\r\n\r\n{}${GET}`,
      [400],
    ],
    [
      'a body that was not waited for, and a request',
      () => `POST /nope HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n{}${GET}`,
      [404],
    ],
    [
      'a body that is too large, and a request',
      () => `POST /api/v1/ai HTTP/1.1\r\n${AUTHORIZED()}Content-Length: 70000\r\n\r\n${' '.repeat(70_000)}${GET}`,
      [413],
    ],
    [
      'a chunked body that is too large, and a request',
      () =>
        `POST /api/v1/ai HTTP/1.1\r\n${AUTHORIZED()}Transfer-Encoding: chunked\r\n\r\n11170\r\n${' '.repeat(70_000)}\r\n0\r\n\r\n${GET}`,
      [413],
    ],
    [
      'a body that does not come',
      () => `POST /api/v1/ai HTTP/1.1\r\n${AUTHORIZED()}Content-Length: 10\r\n\r\n{`,
      [408],
    ],
    ['a request, and a head that does not come', () => `${GET}GET /x HTTP/1.1\r\nHost:`, [200, 408]],
    ['a request that names a protocol without asking for it, and another', () => naming(GET) + NOPE, [200, 404]],
    ['a body that does not come after its answer', () => CHUNKED_NOPE, [404]],
  ];
  it.each(cases)('%s: as many answers as requests, in order, each with its line', async (_what, bytes, statuses) => {
    const start = gateway.lines.length;
    const client = (await RawClient.open(gateway.url)).send(bytes());
    await client.ended();
    client.leave();
    expect(client.statuses).toEqual(statuses);
    const last = client.answers.at(-1);
    if ((last?.status ?? 0) !== 200)
      expect(last?.headers).toMatchObject({ 'x-request-id': expect.any(String) as string });
    await expect.poll(() => lines(start).map(({ status }) => status)).toEqual(expect.arrayContaining(statuses));
    expect(lines(start).filter(({ status }) => status !== 499)).toHaveLength(statuses.length);
  });

  it('what breaks off in its body is answered and logged as the request that it is', async () => {
    const start = gateway.lines.length;
    const head = `POST /api/v1/ai HTTP/1.1\r\n${AUTHORIZED()}X-Request-Id: broken-1\r\nTransfer-Encoding: chunked\r\n\r\n`;
    const client = (await RawClient.open(gateway.url)).send(`${head}1\r\n{\r\nzz\r\n`);
    await client.ended();
    client.leave();
    const [answer] = client.answers;
    expectProblem(
      { status: answer?.status ?? 0, body: answer?.body ?? '', contentType: answer?.headers['content-type'] },
      'MALFORMED_REQUEST',
    );
    expect(answer?.headers).toMatchObject({ connection: 'close', 'x-request-id': 'broken-1' });
    await expect.poll(() => lines(start)).toMatchObject([{ route: '/api/v1/ai', status: 400, request_id: 'broken-1' }]);
  });

  const QUESTION = '{"query":"hi"}';
  const asking = (version: string, path = '/api/v1/ai') =>
    `POST ${path} HTTP/${version}\r\n${AUTHORIZED()}Connection: close\r\nExpect: 100-continue\r\nContent-Length: ${QUESTION.length}\r\n\r\n`;
  it.each([
    ['immediately where nothing is before it', () => asking('1.1'), [100, 200]],
    ['after the answers before it', () => query('slow 300ms') + asking('1.1'), [200, 100, 200]],
    [
      'before its stream, after two others',
      () => query('slow 300ms') + GET + asking('1.1', '/api/v1/ai:stream'),
      [200, 200, 100, 200],
    ],
  ])('a client that asks is told to send its body %s', async (_when, bytes, statuses) => {
    const client = (await RawClient.open(gateway.url)).send(bytes());
    await expect.poll(() => client.text).toContain('100 Continue');
    client.send(QUESTION);
    await client.ended();
    client.leave();
    expect(client.statuses).toEqual(statuses);
  });

  it.each([
    ['that has sent it', () => query('slow 300ms') + asking('1.1') + QUESTION, [200, 200]],
    ['whose head is refused', () => query('slow 300ms') + asking('1.1', '/nope'), [200, 404]],
    ['of HTTP/1.0', () => asking('1.0') + QUESTION, [200]],
  ])('a client %s is not told to send its body', async (_which, bytes, statuses) => {
    const client = (await RawClient.open(gateway.url)).send(bytes());
    await client.ended();
    client.leave();
    expect(client.statuses).toEqual(statuses);
    expect(client.text).not.toContain('100 Continue');
    for (const { body } of client.answers) expect(body).toMatch(/^\{.*\}$/);
  });

  it.each([
    ['', () => upgrading(GET)],
    [' with a body', () => upgrading(query('hi'))],
  ])('a request%s that asks for an upgrade is the last one: what came with it is lost', async (_what, request) => {
    const client = (await RawClient.open(gateway.url)).send(request() + NOPE);
    await client.ended();
    client.leave();
    expect(client.answers.map(({ status, headers }) => [status, headers['connection']])).toEqual([[200, 'close']]);
  });

  it('nothing that comes after an answer that ended it is done', async () => {
    const create = `POST /api/v1/ai HTTP/1.1\r\n${AUTHORIZED()}Content-Length: 17\r\n\r\n{"query":"hidden"`;
    const before = gateway.sandbox.calls.list().length;
    const client = (await RawClient.open(gateway.url)).send(`GET / HTTP/1.1\r\n\r\n${create}}`);
    await client.ended();
    client.leave();
    expect(client.statuses).toEqual([400]);
    expect(
      gateway.sandbox.calls
        .list()
        .slice(before)
        .map(({ method }) => method),
    ).not.toContain('/ai.v1.AIService/ProcessQuery');
  });
});

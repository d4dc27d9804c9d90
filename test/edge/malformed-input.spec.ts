import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { GatewayErrorCode } from '../../src/domain/errors.js';
import { BackendView } from '../support/backend-view.js';
import { Client } from '../support/client.js';
import { startTestGateway, type TestGateway } from '../support/gateway.js';
import { expectProblem } from '../support/problem.js';
import { sendRequest } from '../support/raw-http.js';

let gateway: TestGateway;
let backends: BackendView;
let token: string;

beforeAll(async () => {
  gateway = await startTestGateway({ env: { GATEWAY_HEALTH_INTERVAL: '1h' } });
  const alice = await Client.of(gateway, 'alice@acme.test');
  token = alice.token;
  await alice.get('/api/v1/me');
  backends = new BackendView(gateway.sandbox);
});
afterAll(() => gateway.close());
beforeEach(() => backends.clear());

const post = (target: string, body: string | Buffer) =>
  sendRequest(gateway.url, { method: 'POST', target, token, body });
const patch = (target: string, body: string | Buffer) =>
  sendRequest(gateway.url, { method: 'PATCH', target, token, body });
const get = (target: string) => sendRequest(gateway.url, { method: 'GET', target, token });

function expectRefused(answer: Awaited<ReturnType<typeof get>>, ...codes: GatewayErrorCode[]): void {
  const { status, headers, body } = answer;
  const code = headers['x-gateway-error'] as GatewayErrorCode;
  expect(codes).toContain(code);
  expectProblem({ status, contentType: headers['content-type'], body }, code);
  expect(backends.calls).toEqual([]);
}

const bytes = (...values: number[]) => Buffer.from([...Buffer.from('{"query":"'), ...values, ...Buffer.from('"}')]);
const nested = (depth: number, open: string, close: string) =>
  `{"query":"x","confirmation":${open.repeat(depth)}1${close.repeat(depth)}}`;

describe('a body that is not JSON as RFC 8259 has it', () => {
  const bodies: [string, string | Buffer][] = [
    ['white space', ' \n\t'],
    ['a word', 'hello'],
    ['an open brace', '{'],
    ['a closing brace', '}'],
    ['a cut string', '{"query":"x'],
    ['a cut escape', '{"query":"x\\'],
    ['a cut number', '{"query":-'],
    ['a cut literal', '{"query":tru'],
    ['a missing colon', '{"query" "x"}'],
    ['a missing comma', '{"query":"x" "sessionId":"y"}'],
    ['a trailing comma', '{"query":"x",}'],
    ['a leading comma', '{,"query":"x"}'],
    ['single quotes', "{'query':'x'}"],
    ['a bare key', '{query:"x"}'],
    ['a comment', '{"query":"x"/* y */}'],
    ['a comment of a line', '{"query":"x"}// y'],
    ['two values', '{"query":"x"}{"query":"y"}'],
    ['something behind it', '{"query":"x"} y'],
    ['NUL behind it', '{"query":"x"}\0'],
    ['mismatched brackets', '{"query":["x"}]'],
    ['NaN', '{"query":NaN}'],
    ['Infinity', '{"query":-Infinity}'],
    ['undefined', '{"query":undefined}'],
    ['a leading zero', '{"query":01}'],
    ['a leading plus', '{"query":+1}'],
    ['a hexadecimal number', '{"query":0x1}'],
    ['a number that ends in a point', '{"query":1.}'],
    ['a literal in capitals', '{"query":TRUE}'],
    ['a line feed in a string', '{"query":"a\nb"}'],
    ['NUL in a string', '{"query":"a\0b"}'],
    ['an unknown escape', '{"query":"\\x41"}'],
    ['a short escape', '{"query":"\\u12"}'],
    ['a high surrogate alone', '{"query":"\\ud800"}'],
    ['a low surrogate alone', '{"query":"\\udc00"}'],
    ['surrogates the wrong way round', '{"query":"\\udc00\\ud800"}'],
    ['a surrogate before a letter', '{"query":"\\ud800a"}'],
    ['a lone surrogate in a key', '{"query":"x","\\ud800":1}'],
    ['a surrogate in UTF-8', bytes(0xed, 0xa0, 0x80)],
    ['an overlong slash', bytes(0xc0, 0xaf)],
    ['an overlong NUL', bytes(0xc0, 0x80)],
    ['a code point beyond the last', bytes(0xf4, 0x90, 0x80, 0x80)],
    ['a continuation byte alone', bytes(0x80)],
    ['a cut sequence', bytes(0xe2, 0x82)],
    ['Latin-1', bytes(0xe9)],
    ['UTF-16', Buffer.from('{"query":"x"}', 'utf16le')],
    ['a byte order mark', '\ufeff{"query":"x"}'],
    ['a key twice', '{"query":"x","query":"y"}'],
    ['a key twice, once escaped', '{"query":"x","qu\\u0065ry":"y"}'],
    ['a key twice, deep inside', '{"query":"x","confirmation":{"planId":"a","planId":"b"}}'],
    ['arrays without end', nested(10_000, '[', ']')],
    ['objects without end', nested(10_000, '{"a":', '}')],
    ['arrays that never close', '['.repeat(100_000)],
    ['one level too many', nested(64, '[', ']')],
    ['a thousand and one keys', `{${Array.from({ length: 1_001 }, (_, n) => `"k${n}":1`).join()}}`],
  ];
  it.each(bodies)('%s', async (_what, body) => {
    expectRefused(await post('/api/v1/ai', body), 'MALFORMED_JSON');
  });
});

describe('a body that is JSON and not the request', () => {
  const cases: [string, string, string][] = [
    ['a list', '/api/v1/ai', '[]'],
    ['a text', '/api/v1/ai', '"x"'],
    ['a number', '/api/v1/ai', '1'],
    ['null', '/api/v1/ai', 'null'],
    ['true', '/api/v1/ai', 'true'],
    ['a number for a text', '/api/v1/ai', '{"query":1}'],
    ['an object for a text', '/api/v1/ai', '{"query":{}}'],
    ['a list for a text', '/api/v1/ai', '{"query":["x"]}'],
    ['a flag for a text', '/api/v1/ai', '{"query":true}'],
    ['a text for a message', '/api/v1/ai', '{"query":"x","confirmation":"yes"}'],
    ['a list for a message', '/api/v1/ai', '{"query":"x","confirmation":[]}'],
    ['a text for a flag', '/api/v1/ai', '{"confirmation":{"confirmed":"true"}}'],
    ['a number for a flag', '/api/v1/ai', '{"confirmation":{"confirmed":1}}'],
    ['a field that is not there', '/api/v1/ai', '{"query":"x","Query":"y"}'],
    ['a field that is not there, deep inside', '/api/v1/ai', '{"confirmation":{"planID":"a"}}'],
    ['a prototype', '/api/v1/ai', '{"query":"x","__proto__":{"polluted":true}}'],
    ['a constructor', '/api/v1/ai', '{"query":"x","constructor":{"prototype":{"polluted":true}}}'],
    ['both spellings of a field', '/api/v1/ai', '{"sessionId":"a","session_id":"b"}'],
    ['a text for a list', '/api/v1/users', '{"roles":"admin"}'],
    ['null in a list', '/api/v1/users', '{"roles":["viewer",null]}'],
    ['a number in a list', '/api/v1/users', '{"roles":[1]}'],
    ['a list for a map', '/api/v1/users', '{"labels":[["a","b"]]}'],
    ['a number in a map', '/api/v1/users', '{"labels":{"a":1}}'],
    ['null in a map', '/api/v1/users', '{"labels":{"a":null}}'],
  ];
  it.each(cases)('%s', async (_what, target, body) => {
    expectRefused(await post(target, body), 'INVALID_ARGUMENT', 'UNKNOWN_FIELD', 'MALFORMED_JSON');
    expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false);
  });

  const outOfRange = [
    '"version":9223372036854775808',
    '"version":-9223372036854775809',
    '"version":"9223372036854775808"',
    '"version":1e30',
    '"version":1e400',
    '"version":1.5',
    '"version":"1.5"',
    '"version":""',
    '"version":" 1"',
    '"version":"0x1"',
    '"version":"NaN"',
    '"version":true',
    '"version":[1]',
    `"version":${'9'.repeat(10_000)}`,
    '"status":"USER_STATUS_NOPE"',
    '"status":"user_status_active"',
    '"status":1.5',
    '"status":2147483648',
    '"status":true',
    '"createTime":"yesterday"',
    '"createTime":"2026-02-30T00:00:00Z"',
    '"createTime":"2026-01-01T00:00:00"',
    '"createTime":"10000-01-01T00:00:00Z"',
    '"createTime":0',
    '"createTime":{"seconds":1}',
  ];
  it.each(outOfRange.map((member) => [member.slice(0, 40), member]))(
    'a value out of its range: %s',
    async (_, member) => {
      expectRefused(await patch('/api/v1/users/acme-bob', `{${member}}`), 'INVALID_ARGUMENT', 'MALFORMED_JSON');
    },
  );

  it.each([
    'page_size=x',
    'page_size=',
    'page_size=1.5',
    'page_size=-1',
    'page_size=2147483648',
    'page_size=1e99',
    'page_size=0x10',
    'page_size=%201',
    'page_size=1&page_size=2',
    'page_size=1&pageSize=1',
    'page_size[]=1',
    'page_size.x=1',
    'nope=1',
    '=1',
    '__proto__=1',
    'constructor.prototype.polluted=1',
    'statuses=ACTIVE',
    'query=%ff',
    'query=%',
    'query=%zz',
    'query=%ed%a0%80',
    'query=%c0%af',
    'query=a b',
    'query=é',
    'query=a\tb',
    `${'a.'.repeat(500)}b=1`,
  ])('a query that is none: %s', async (query) => {
    const answer = await get(`/api/v1/users/search?${query}`);
    expectRefused(answer, 'INVALID_ARGUMENT', 'UNKNOWN_FIELD', 'MALFORMED_REQUEST');
  });
});

describe('a value at its limit reaches the backend exactly', () => {
  it.each([
    ['9223372036854775807', '9223372036854775807'],
    ['-9223372036854775808', '-9223372036854775808'],
    ['9007199254740993', '9007199254740993'],
    ['"9007199254740993"', '9007199254740993'],
    ['1e3', '1000'],
    ['"-0"', '0'],
    ['1.0', '1'],
  ])('an int64 written as %s', async (written, received) => {
    await patch('/api/v1/users/acme-bob', `{"displayName":"Bob","version":${written}}`);
    expect(backends.calls).toHaveLength(1);
    expect(backends.calls[0]?.request).toMatchObject({ user: { version: received } });
  });

  it('the deepest body and the most keys', async () => {
    const labels = Object.fromEntries(Array.from({ length: 990 }, (_, n) => [`k${n}`, `v${n}`]));
    expect((await patch('/api/v1/users/acme-bob', JSON.stringify({ labels }))).status).toBe(200);
    expect(backends.calls[0]?.request).toMatchObject({ user: { labels } });
  });
});

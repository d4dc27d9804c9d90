import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { BackendView } from '../support/backend-view.js';
import { Client } from '../support/client.js';
import { startTestGateway, type TestGateway } from '../support/gateway.js';
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

const get = (target: string | Buffer) => sendRequest(gateway.url, { method: 'GET', target, token });
const USERS = '/api/v1/users';

describe('a path that readers would read in different ways is refused', () => {
  it.each([
    `${USERS}/%2e%2e%2fadmin`,
    `${USERS}/%2e%2e/admin`,
    `${USERS}/..%2fadmin`,
    `${USERS}/../users`,
    `${USERS}/..`,
    `${USERS}/.`,
    `${USERS}/%2e`,
    `${USERS}/%2E%2e`,
    `${USERS}/.%2e`,
    '/api/./v1/users',
    '/api/../api/v1/users',
    '/%2e%2e/etc/passwd',
    `${USERS}/a%2Fb`,
    `${USERS}/a%2fb`,
    `${USERS}/%2F`,
    `${USERS}/a%5Cb`,
    `${USERS}/a\\b`,
    '\\api\\v1\\users',
    `${USERS}/a;b`,
    `${USERS};jsessionid=1`,
    `${USERS}/%00`,
    `${USERS}/acme-alice%00`,
    `${USERS}/%0d%0aX-Evil:%201`,
    `${USERS}/%7f`,
    `${USERS}/%C2%80`,
    `${USERS}/%`,
    `${USERS}/%z`,
    `${USERS}/%zz`,
    `${USERS}/%u0041`,
    `${USERS}/%c0%af`,
    `${USERS}/%e0%80%af`,
    `${USERS}/%c0%ae%c0%ae`,
    `${USERS}/%ff`,
    `${USERS}/%e2%82`,
    `${USERS}/%ed%a0%80`,
    `${USERS}/%f4%90%80%80`,
    `${USERS}/#fragment`,
    `${USERS}/é`,
    '*',
    'api/v1/users',
    'http://evil.example/api/v1/users',
    '//evil.example/%2e%2e/api/v1/users',
  ])('%j', async (target) => {
    const { status, body } = await get(target);
    expect([400, 404]).toContain(status);
    expect(JSON.parse(body)).toMatchObject({ status });
    expect(backends.calls).toEqual([]);
  });

  it.each([
    ['a segment', `${USERS}/${'a'.repeat(1_025)}`],
    ['a segment that is encoded', `${USERS}/${'%E2%82%AC'.repeat(342)}`],
    ['a path', `/${'a/'.repeat(2_500)}`],
    ['a query', `${USERS}?page_token=${'a'.repeat(4_096)}`],
  ])('%s that is too long', async (_what, target) => {
    expect([400, 404, 414]).toContain((await get(target)).status);
    expect(backends.calls).toEqual([]);
  });
});

describe('a path reaches the backend decoded once', () => {
  it.each([
    ['acme-alice', 'acme-alice'],
    ['%61cme-alice', 'acme-alice'],
    ['a%20b', 'a b'],
    ['a+b', 'a+b'],
    ['%252e%252e%252f', '%2e%2e%2f'],
    ['%2500', '%00'],
    ['a%3Bb', 'a;b'],
    ['a%3Ab', 'a:b'],
    ['a:b', 'a:b'],
    ['a%3Fb%23c', 'a?b#c'],
    ['%E2%82%AC', '€'],
    ['%F0%9F%98%80', '😀'],
    ['e%CC%81', 'e\u0301'],
    ['...', '...'],
    ['.a', '.a'],
    ['a..b', 'a..b'],
    ['%7Bid%7D', '{id}'],
    ['~!$&()*,=@', '~!$&()*,=@'],
    ["'", "'"],
    ['__proto__', '__proto__'],
    ['a'.repeat(1_024), 'a'.repeat(1_024)],
  ])('%j', async (segment, decoded) => {
    expect([200, 404]).toContain((await get(`${USERS}/${segment}`)).status);
    expect(backends.calls.map(({ request }) => request.userId)).toEqual([decoded]);
  });

  it.each([`${USERS}/`, `${USERS}//`, '/api//v1///users', '//api/v1/users', `${USERS}?`, `${USERS}?&&`, `${USERS}/?`])(
    '%j is a list of users',
    async (target) => {
      expect((await get(target)).status).toBe(200);
      expect(backends.calls.map(({ call }) => call.method)).toEqual(['/user.v1.UserService/ListUsers']);
    },
  );

  it.each(['/API/v1/users', '/api/v1/Users', '/api/v1/users.json', '/api/v1/user', '/api', '/api/v1/users/a/b/c'])(
    '%j is no route',
    async (target) => {
      expect((await get(target)).status).toBe(404);
      expect(backends.calls).toEqual([]);
    },
  );
});

describe('a method that nobody expects', () => {
  it.each(['TRACE', 'PROPFIND', 'QUERY', 'LINK', 'PURGE', 'SEARCH'])('%s gets an answer', async (method) => {
    const { status } = await sendRequest(gateway.url, { method, target: USERS, token });
    expect([400, 404, 405, 501]).toContain(status);
    expect(backends.calls).toEqual([]);
  });

  it.each(['FOO', 'get', 'G\u0000T', '', 'CONNECT'])('%j gets none or a refusal', async (method) => {
    const status = await sendRequest(gateway.url, { method, target: USERS, token }).then(
      (answer) => answer.status,
      () => 0,
    );
    expect([0, 400, 404, 405]).toContain(status);
    expect(backends.calls).toEqual([]);
  });
});

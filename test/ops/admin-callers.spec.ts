import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { adminActions, adminOrigin, callAdmin, sendToAdmin } from '../support/admin.js';
import { startTestGateway, type TestGateway } from '../support/gateway.js';
import { metric } from '../support/metrics.js';
import { expectFetchProblem, expectProblem } from '../support/problem.js';

const TOKEN = 'a-token-of-operators-0123456789abcdef';

let gateway: TestGateway;
let guarded: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway({ env: { GATEWAY_ADMIN_ADDR: '127.0.0.1:0' } });
  guarded = await startTestGateway({
    env: { GATEWAY_ADMIN_ADDR: '0.0.0.0:0', GATEWAY_ADMIN_AUTH_TOKEN: TOKEN },
  });
});
afterAll(async () => {
  await gateway.close();
  await guarded.close();
});

const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`;

describe('who may call', () => {
  it.each(['localhost', 'localhost:6060', 'LOCALHOST', '127.0.0.1:1', '127.0.0.2', '[::1]:6060'])(
    'a client that calls the listener %s may',
    async (host) => {
      expect((await sendToAdmin(gateway, `GET /admin/ping HTTP/1.1\r\nHost: ${host}`)).status).toBe(200);
    },
  );

  it.each([
    'evil.test',
    'localhost.evil.test',
    'admin.localhost',
    '10.0.0.1',
    '127.0.0.1.evil.test:6060',
    '',
    '@localhost',
    '[::2]',
  ])('one that calls it %j may not: a name of somebody else may lead here', async (host) => {
    const answer = await sendToAdmin(gateway, `GET /admin/ping HTTP/1.1\r\nHost: ${host}`);
    expectProblem({ ...answer, contentType: answer.headers['content-type'] }, 'PERMISSION_DENIED');
  });

  it('one that does not call it anything may not', async () => {
    expect((await sendToAdmin(gateway, 'GET /admin/ping HTTP/1.0')).status).toBe(403);
  });

  it.each([
    { origin: 'http://127.0.0.1:6060' },
    { origin: 'null' },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-origin' },
  ])('a web page may not: %o', async (headers) => {
    const response = await callAdmin(gateway, 'POST', '/admin/circuits/user/open', headers);
    await expectFetchProblem(response, 'PERMISSION_DENIED');
    expect(await metric(gateway.url, 'gateway_circuit_state', { upstream: 'user', state: 'open' })).toBe(0);
  });

  it.each([
    ['nothing', undefined],
    ['no scheme', TOKEN],
    ['another token', `Bearer ${TOKEN.replace('a', 'b')}`],
    ['its beginning', `Bearer ${TOKEN.slice(0, -1)}`],
    ['more than it', `Bearer ${TOKEN}0`],
    ['it in upper case', `Bearer ${TOKEN.toUpperCase()}`],
    ['an empty one', 'Bearer '],
    ['it as the user name', basic(`${TOKEN}:`)],
    ['another password', basic(`op:${TOKEN}0`)],
    ['no base64', 'Basic ***'],
  ])('where there is a token, %s is not enough', async (_what, authorization) => {
    const response = await fetch(
      `${adminOrigin(guarded)}/admin/circuits`,
      authorization ? { headers: { authorization } } : {},
    );
    await expectFetchProblem(response, 'UNAUTHENTICATED');
    expect(response.headers.get('www-authenticate')).toBe('Bearer realm="gateway-admin"');
  });

  it.each([`Bearer ${TOKEN}`, `bearer ${TOKEN}`, basic(`op:${TOKEN}`), basic(`:${TOKEN}`)])(
    'the token is enough, sent as %s',
    async (authorization) => {
      const response = await fetch(`${adminOrigin(guarded)}/admin/circuits`, { headers: { authorization } });
      expect(response.status).toBe(200);
    },
  );

  it('which paths there are is told to nobody without the token', async () => {
    await expectFetchProblem(await fetch(`${adminOrigin(guarded)}/nope`), 'UNAUTHENTICATED');
  });

  it('on an address of the network a client may call it by that address, and by no name', async () => {
    const authorization = `Authorization: Bearer ${TOKEN}`;
    const status = async (host: string) =>
      (await sendToAdmin(guarded, `GET /admin/ping HTTP/1.1\r\nHost: ${host}\r\n${authorization}`)).status;
    expect([await status('10.1.2.3:6060'), await status('localhost:6060'), await status('evil.test')]).toEqual([
      200, 200, 403,
    ]);
  });

  it('a listener on an address of the network says so', () => {
    const said = guarded.lines.find(({ msg }) => msg === 'admin_listening');
    expect(said).toMatchObject({ auth_required: true, loopback_only: false });
  });

  it('the token is in no line', () => {
    expect(adminActions(guarded.lines).filter(({ error_code }) => error_code === 'UNAUTHENTICATED')).not.toEqual([]);
    for (const secret of [TOKEN, Buffer.from(`op:${TOKEN}`).toString('base64')]) {
      expect(JSON.stringify(guarded.lines)).not.toContain(secret);
    }
  });
});

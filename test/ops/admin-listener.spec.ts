import { execFileSync, spawnSync } from 'node:child_process';
import { connect } from 'node:net';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { adminActions, adminOrigin, callAdmin, sendToAdmin } from '../support/admin.js';
import { startTestGateway, type TestGateway } from '../support/gateway.js';
import { metric } from '../support/metrics.js';
import { expectFetchProblem, expectProblem } from '../support/problem.js';
import { sendRaw } from '../support/raw-http.js';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway({ env: { GATEWAY_ADMIN_ADDR: '127.0.0.1:0' } });
});
afterAll(() => gateway.close());

describe('the admin listener', () => {
  it('says that it listens, and to whom', async () => {
    const addr = gateway.gateway.adminUrl?.replace('http://', '');
    const said = gateway.lines.find(({ msg }) => msg === 'admin_listening');
    expect(said).toMatchObject({ addr, auth_required: false, loopback_only: true });
  });

  it('does not exist when its address is empty', async () => {
    const without = await startTestGateway({ env: { GATEWAY_ADMIN_ADDR: '' } });
    expect(without.gateway.adminUrl).toBeUndefined();
    expect(without.lines.filter(({ msg }) => msg === 'admin_listening')).toEqual([]);
    await without.close();
  });

  it('listens on IPv6 too', async () => {
    const six = await startTestGateway({ env: { GATEWAY_ADMIN_ADDR: '[::1]:0' } });
    expect(six.gateway.adminUrl).toMatch(/^http:\/\/\[::1\]:\d+$/);
    expect((await callAdmin(six, 'GET', '/admin/ping')).status).toBe(200);
    await six.close();
  });

  it('is on no other port', async () => {
    for (const path of ['/admin/ping', '/admin/circuits', '/debug/pprof/']) {
      await expectFetchProblem(await fetch(gateway.url + path), 'ROUTE_NOT_FOUND');
    }
  });

  it('answers HEAD as GET', async () => {
    const response = await callAdmin(gateway, 'HEAD', '/admin/ping');
    expect([response.status, await response.text()]).toEqual([200, '']);
  });

  it.each([
    ['GET', '/admin/circuits/user/open', 'POST'],
    ['DELETE', '/admin/circuits/user/reset', 'POST'],
    ['PUT', '/admin/circuits/user/close', 'POST'],
    ['POST', '/admin/circuits', 'GET, HEAD'],
    ['POST', '/admin/ping', 'GET, HEAD'],
  ])('changes things by POST alone: %s %s is refused', async (method, path, allow) => {
    const response = await callAdmin(gateway, method, path);
    await expectFetchProblem(response, 'METHOD_NOT_ALLOWED');
    expect(response.headers.get('allow')).toBe(allow);
  });

  it.each([
    '/',
    '/admin',
    '/admin/circuits/',
    '/admin/circuits/user',
    '/admin/circuits/user/destroy',
    '/admin/%63ircuits',
  ])('names its paths when %s is asked for', async (path) => {
    const body = await expectFetchProblem(await callAdmin(gateway, 'POST', path), 'ROUTE_NOT_FOUND');
    expect(body['detail']).toContain('POST /admin/circuits/{upstream}/reset');
  });
});

describe('while the main thread is blocked', () => {
  /** Blocks this thread, which is the main thread of the gateway, until there is an answer. */
  const curl = (...args: string[]) =>
    execFileSync('curl', [
      '-s',
      '-w',
      ' %{http_code}',
      ...args.slice(0, -1),
      `${gateway.gateway.adminUrl}${args.at(-1)}`,
    ]).toString();

  /** Waits until all earlier requests have their line: a later request has its own after theirs. */
  async function allLogged(): Promise<void> {
    const { headers } = await callAdmin(gateway, 'GET', '/admin/ping');
    const id = headers.get('x-request-id');
    await expect.poll(() => adminActions(gateway.lines).at(-1)?.request_id).toBe(id);
  }

  it('the listener still answers by itself', () => {
    expect(curl('/admin/ping')).toMatch(/"alive"[^]* 200$/);
  });

  it('a call that needs the main thread is told so after two seconds, and is not done later either', async () => {
    const answer = curl('-X', 'POST', '/admin/circuits/user/open');
    expect(answer).toMatch(/"code": "MAIN_THREAD_STALLED"[^]* 504$/);
    expect(answer).toContain('did not answer within 2 s');
    expect(answer).toContain('Nothing was done.');
    const line = () => adminActions(gateway.lines).find(({ error_code }) => error_code === 'MAIN_THREAD_STALLED');
    await expect.poll(line).toMatchObject({ level: 'warn', path: '/admin/circuits/user/open', outcome: 'failed' });
    expect(await metric(gateway.url, 'gateway_circuit_state', { upstream: 'user', state: 'open' })).toBe(0);
  });

  it('sixteen calls wait for it, and the others are refused at once', () => {
    const request = 'GET /admin/circuits HTTP/1.1\r\nHost: localhost\r\n\r\n';
    const script = `
      const socket = require('node:net').connect(process.argv[1], '127.0.0.1', () => socket.write(process.argv[2].repeat(20)));
      let text = '';
      socket.on('data', (chunk) => {
        text += chunk;
        if (text.split('"request_id"').length > 20) socket.destroy();
      });
      socket.on('close', () => console.log(text));`;
    const { port } = new URL(adminOrigin(gateway));
    const answers = execFileSync(process.execPath, ['-e', script, port, request]).toString();
    expect(answers.match(/HTTP\/1.1 504/g)).toHaveLength(16);
    expect(answers.match(/HTTP\/1.1 503/g)).toHaveLength(4);
  });

  it('no more calls are taken than there are lines for, and the others are counted', async () => {
    const failed = () => metric(gateway.url, 'gateway_admin_actions_total', { outcome: 'failed' });
    await allLogged();
    const [before, lines] = [(await failed()) ?? 0, adminActions(gateway.lines).length];
    const url = `${gateway.gateway.adminUrl}/admin/ping`;
    const output = curl(...Array.from({ length: 1_009 }, () => url), '/admin/ping');
    expect(output.split('"alive"')).toHaveLength(1_001);
    expect(output.split('"OVERLOADED"')).toHaveLength(11);
    await expect.poll(() => adminActions(gateway.lines).length).toBe(lines + 1_000);
    await callAdmin(gateway, 'GET', '/admin/ping');
    await expect.poll(() => adminActions(gateway.lines).at(-1)?.unlogged).toBe(10);
    expect(await failed()).toBe(before + 10);
  });

  it('open pages are told so', () => {
    const args = ['-sN', '--max-time', '3', `${gateway.gateway.adminUrl}/admin/events`];
    const { stdout } = spawnSync('curl', args, { encoding: 'utf8' });
    expect(stdout).toMatch(/^retry: 3000\n\nevent: stalled\ndata: \{"code":"MAIN_THREAD_STALLED"/);
  });
});

describe('what it takes', () => {
  it.each([
    'Content-Length: 2\r\n',
    'Transfer-Encoding: chunked\r\n',
    'Content-Length: 99999999\r\nExpect: 100-continue\r\n',
  ])('no body: %j', async (framing) => {
    const answers = await sendRaw(
      adminOrigin(gateway),
      `POST /admin/circuits/user/open HTTP/1.1\r\nHost: localhost\r\n${framing}\r\n`,
    );
    const [answer] = answers;
    expectProblem(
      { status: answer?.status ?? 0, body: answer?.body ?? '', contentType: answer?.headers['content-type'] },
      'PAYLOAD_TOO_LARGE',
    );
    expect([answers.length, answer?.headers['connection']]).toEqual([1, 'close']);
    expect(await metric(gateway.url, 'gateway_circuit_state', { upstream: 'user', state: 'open' })).toBe(0);
  });

  it('an empty one', async () => {
    expect(
      (await sendToAdmin(gateway, 'POST /admin/circuits/ai/reset HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0'))
        .status,
    ).toBe(200);
  });

  it('no more than 8 KiB of headers', async () => {
    const answer = await sendToAdmin(gateway, `GET /admin/ping HTTP/1.1\r\nHost: localhost\r\nx: ${'x'.repeat(9_000)}`);
    expectProblem({ ...answer, contentType: answer.headers['content-type'] }, 'HEADERS_TOO_LARGE');
  });

  it('no more than 50 header lines', async () => {
    const lines = Array.from({ length: 50 }, (_, n) => `\r\nx${n}: ${n}`).join('');
    const answer = await sendToAdmin(gateway, `GET /admin/ping HTTP/1.1\r\nHost: localhost${lines}`);
    expectProblem({ ...answer, contentType: answer.headers['content-type'] }, 'HEADERS_TOO_LARGE');
  });

  it('nothing but HTTP, and writes a line of that too', async () => {
    const [answer] = await sendRaw(adminOrigin(gateway), 'help\r\n\r\n');
    expect(answer?.status).toBe(400);
    const id = answer?.headers['x-request-id'];
    await expect.poll(() => adminActions(gateway.lines).at(-1)).toMatchObject({ request_id: id, status: 400 });
  });

  it('sixteen connections', async () => {
    const { hostname, port } = new URL(adminOrigin(gateway));
    const sockets = Array.from({ length: 16 }, () => connect(Number(port), hostname));
    await Promise.all(sockets.map((socket) => once(socket, 'connect')));
    const extra = connect(Number(port), hostname);
    await once(extra, 'close');
    for (const socket of sockets) socket.destroy();
    await expect
      .poll(() =>
        callAdmin(gateway, 'GET', '/admin/ping').then(
          ({ status }) => status,
          () => 0,
        ),
      )
      .toBe(200);
  });
});

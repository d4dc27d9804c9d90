import { once } from 'node:events';
import { Agent, request as httpRequest } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startSandbox, type SandboxEnvironment } from '../../sandbox/environment.js';
import { GatewayProcess } from '../support/gateway-process.js';
import { RawClient } from '../support/raw-client.js';

const UNARY = '/ai.v1.AIService/ProcessQuery';

let sandbox: SandboxEnvironment;
let gateway: GatewayProcess;
let token: string;

beforeEach(async () => {
  sandbox = await startSandbox({ faultServer: false });
  token = await sandbox.issueToken('alice@acme.test');
});
afterEach(async () => {
  await gateway.kill();
  await sandbox.close();
});

const headers = () => ({ authorization: `Bearer ${token}`, 'content-type': 'application/json' });
const ask = (path: string, query: string, init: RequestInit = {}) =>
  fetch(gateway.url + path, { method: 'POST', headers: headers(), body: JSON.stringify({ query }), ...init });

describe('SIGTERM', () => {
  it('lets requests in flight end, takes new ones until the pre-drain is over, and exits 0', async () => {
    gateway = await GatewayProcess.start(sandbox, { GATEWAY_SHUTDOWN_PRE_DRAIN_WAIT: '2s' });
    const slow = ask('/api/v1/ai', 'slow 3000ms');
    await sandbox.calls.waitFor((call) => call.method === UNARY);
    gateway.child.kill('SIGTERM');
    await expect.poll(async () => (await fetch(`${gateway.url}/readyz`)).status).toBe(503);
    const late = await fetch(`${gateway.url}/api/v1/users`, { headers: headers() });
    expect([late.status, late.headers.get('connection')]).toEqual([200, 'close']);
    expect((await fetch(`${gateway.url}/livez`)).status).toBe(200);
    const answer = await slow;
    expect([answer.status, answer.headers.get('connection')], 'begun before SIGTERM').toEqual([200, 'close']);
    expect(await gateway.exited).toBe(0);
    const events = gateway.lines.map((line) => line.msg).filter((text) => String(text).startsWith('drain_'));
    expect([events.at(0), events.at(-1)]).toEqual(['drain_started', 'drain_finished']);
  });

  it('is the same drain when it comes twice', async () => {
    gateway = await GatewayProcess.start(sandbox, { GATEWAY_SHUTDOWN_PRE_DRAIN_WAIT: '0s' });
    gateway.child.kill('SIGTERM');
    gateway.child.kill('SIGINT');
    expect(await gateway.exited).toBe(0);
    expect(gateway.lines.filter((line) => line.msg === 'drain_started')).toHaveLength(1);
  });

  it('does not wait for idle keep-alive connections', async () => {
    gateway = await GatewayProcess.start(sandbox, { GATEWAY_SHUTDOWN_PRE_DRAIN_WAIT: '0s' });
    const agent = new Agent({ keepAlive: true });
    const [response] = (await once(httpRequest(`${gateway.url}/livez`, { agent }).end(), 'response')) as [
      NodeJS.ReadableStream,
    ];
    response.resume();
    await once(response, 'end');
    gateway.child.kill('SIGTERM');
    expect(await gateway.exited).toBe(0);
    agent.destroy();
  });

  it('ends a stream with a last event when its time is up', async () => {
    gateway = await GatewayProcess.start(sandbox, {
      GATEWAY_SHUTDOWN_PRE_DRAIN_WAIT: '0s',
      GATEWAY_SHUTDOWN_TIMEOUT: '3s',
      GATEWAY_REQUEST_TIMEOUT: '2s',
      GATEWAY_AUTH_TIMEOUT: '1s',
      GATEWAY_USER_TIMEOUT: '1s',
      GATEWAY_TENANT_TIMEOUT: '1s',
      GATEWAY_AI_TIMEOUT: '1s',
      GATEWAY_UPSTREAM_TIMEOUT: '1s',
      GATEWAY_RECEIVE_TIMEOUT: '2s',
      GATEWAY_HEADERS_TIMEOUT: '2s',
    });
    const stream = await ask('/api/v1/ai:stream', 'stream 100000 tokens slow 50ms');
    gateway.child.kill('SIGTERM');
    const events = (await stream.text()).trimEnd().split('\n\n');
    expect(events.at(-1)).toContain('event: error');
    expect(JSON.parse(events.at(-1)?.split('data: ')[1] ?? '')).toMatchObject({ code: 'DRAINING', status: 503 });
    expect(await gateway.exited).toBe(0);
  });

  it.each([
    [
      'a body',
      'POST /api/v1/ai HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 9\r\n',
      '\r\n{',
    ],
    ['a head', 'GET /livez HTTP/1.1\r\n', 'Hos'],
  ])('still ends a request that does not come to its end: %s', async (_what, head, rest) => {
    gateway = await GatewayProcess.start(sandbox, {
      GATEWAY_SHUTDOWN_PRE_DRAIN_WAIT: '0s',
      GATEWAY_RECEIVE_TIMEOUT: '2s',
      GATEWAY_HEADERS_TIMEOUT: '2s',
    });
    const slow = ask('/api/v1/ai', 'slow 5000ms');
    await sandbox.calls.waitFor((call) => call.method === UNARY);
    const client = await RawClient.open(gateway.url);
    client.send(`${head}Authorization: Bearer ${token}\r\n${rest}`);
    await fetch(`${gateway.url}/livez`);
    gateway.child.kill('SIGTERM');
    await client.ended();
    client.leave();
    expect(client.statuses).toEqual([408]);
    expect((await slow).status).toBe(200);
    expect(await gateway.exited).toBe(0);
  });
});

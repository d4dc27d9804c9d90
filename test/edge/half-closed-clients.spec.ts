import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestGateway, type TestGateway } from '../support/gateway.js';
import { RawClient } from '../support/raw-client.js';

let gateway: TestGateway;
let token: string;

beforeAll(async () => {
  gateway = await startTestGateway();
  token = await gateway.sandbox.issueToken('alice@acme.test');
});
afterAll(() => gateway.close());

function request(path: string, body?: object): string {
  const text = body === undefined ? '' : JSON.stringify(body);
  const head = [`${body === undefined ? 'GET' : 'POST'} ${path} HTTP/1.1`, 'Host: a', `Authorization: Bearer ${token}`];
  const length = body === undefined ? [] : ['Content-Type: application/json', `Content-Length: ${text.length}`];
  return `${[...head, ...length].join('\r\n')}\r\n\r\n${text}`;
}
const lastLine = () => gateway.lines.findLast(({ logger }) => logger === 'AUTH_DECISION');

describe('a client that sends its last byte and goes on reading', () => {
  it.each([
    '/livez',
    '/health',
    '/metrics',
    '/nope',
    '/api/v1/me',
    '/openapi.json',
    '/api/v1/users',
    '/api/v1/users/acme-bob',
  ])('has one answer to GET %s, and the connection ends', async (path) => {
    const client = (await RawClient.open(gateway.url)).send(request(path)).halfClose();
    await client.closed;
    expect(client.statuses).toHaveLength(1);
    expect(client.text).not.toMatch(/ 5\d\d /);
  });

  it('is told that what an upstream was still asked for has ended, and the call ends', async () => {
    gateway.sandbox.calls.clear();
    const client = (await RawClient.open(gateway.url)).send(request('/api/v1/ai', { query: 'slow 20000ms' }));
    await gateway.sandbox.calls.waitFor(({ method }) => method === '/ai.v1.AIService/ProcessQuery');
    client.halfClose();
    await client.closed;
    expect(client.statuses).toEqual([499]);
    expect(client.answers[0]?.headers).toMatchObject({ connection: 'close', 'x-gateway-error': 'CLIENT_CLOSED' });
    await expect.poll(lastLine).toMatchObject({ status: 499, aborted: true, grpc_code: 'CANCELLED' });
    await expect.poll(() => gateway.sandbox.calls.list().at(-1)?.outcome).toBe('CANCELLED');
  });

  it('has each of several answers, those that were ready and those that were not', async () => {
    const client = await RawClient.open(gateway.url);
    client.send(request('/livez') + request('/api/v1/ai', { query: 'slow 20000ms' }) + request('/nope')).halfClose();
    await client.closed;
    expect(client.statuses).toEqual([200, 499, expect.any(Number)]);
  });

  it('has the answer to CONNECT after that to a request under way, each with its line', async () => {
    const start = gateway.lines.length;
    gateway.sandbox.calls.clear();
    const client = await RawClient.open(gateway.url);
    client.send(`${request('/api/v1/ai', { query: 'slow 20000ms' })}CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n`);
    await gateway.sandbox.calls.waitFor(({ method }) => method === '/ai.v1.AIService/ProcessQuery');
    client.halfClose();
    await client.closed;
    expect(client.statuses).toEqual([499, 400]);
    const statuses = () =>
      gateway.lines.slice(start).flatMap(({ logger, status }) => (logger === 'AUTH_DECISION' ? [status] : []));
    await expect.poll(statuses).toHaveLength(2);
    expect(statuses()).toEqual(expect.arrayContaining([499, 400]));
  });

  it('ends a stream, which says so in its last event', async () => {
    const client = await RawClient.open(gateway.url);
    client.send(request('/api/v1/ai:stream', { query: 'stream 100000 tokens slow 20ms' }));
    await expect.poll(() => client.text).toContain('data:');
    client.halfClose();
    await client.closed;
    expect(client.text).toMatch(/event: error\ndata: .*CLIENT_CLOSED/);
    await expect.poll(lastLine).toMatchObject({ status: 499, aborted: true });
  });

  it('takes an answer that had begun to its end', async () => {
    const client = await RawClient.open(gateway.url);
    const whole = await (await fetch(`${gateway.url}/openapi.json`)).text();
    client.send(request('/openapi.json')).halfClose();
    await client.closed;
    expect(client.text.endsWith(whole.slice(-100)) || client.statuses[0] === 499).toBe(true);
  });
});

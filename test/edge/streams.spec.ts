import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Client } from '../support/client.js';
import { lastRequest, startTestGateway, type TestGateway } from '../support/gateway.js';
import { expectFetchProblem } from '../support/problem.js';

const STREAM = '/api/v1/ai:stream';
const METHOD = '/ai.v1.AIService/StreamQuery';

let gateway: TestGateway;
let alice: Client;

beforeAll(async () => {
  gateway = await startTestGateway({ env: { GATEWAY_STREAM_HEARTBEAT: '1s', GATEWAY_STREAM_IDLE_TIMEOUT: '20s' } });
  alice = await Client.of(gateway, 'alice@acme.test');
});
afterAll(() => gateway.close());
beforeEach(() => gateway.sandbox.calls.clear());

const ask = (query: string, accept = 'text/event-stream') => alice.send('POST', STREAM, { query }, { accept });

describe('a server stream', () => {
  it('is server-sent events with ids and an explicit end', async () => {
    const response = await ask('stream 3 tokens slow 0ms');
    expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    const events = (await response.text()).trimEnd().split('\n\n');
    expect(events.slice(0, 3).map((event) => event.split('\n')[0])).toEqual(['id: 1', 'id: 2', 'id: 3']);
    expect(JSON.parse(events[0]?.split('data: ')[1] ?? '')).toHaveProperty('token');
    expect(events.at(-1)).toBe('event: end\ndata: {}');
  });

  it('asks proxies to pass each message on, and is not compressed', async () => {
    const response = await alice.send(
      'POST',
      STREAM,
      { query: 'stream 1 tokens slow 0ms' },
      { 'accept-encoding': 'gzip' },
    );
    expect(response.headers.get('x-accel-buffering')).toBe('no');
    expect(response.headers.get('content-encoding')).toBeNull();
    await response.text();
  });

  it('is one JSON value a line for application/x-ndjson', async () => {
    const response = await ask('stream 3 tokens slow 0ms', 'application/x-ndjson');
    expect(response.headers.get('content-type')).toBe('application/x-ndjson; charset=utf-8');
    const lines = (await response.text()).trimEnd().split('\n');
    expect(lines.map((line) => Object.keys(JSON.parse(line) as object))).toContainEqual(['sessionId', 'token']);
  });

  it('is one array for application/json', async () => {
    const response = await ask('stream 3 tokens slow 0ms', 'application/json');
    const messages = (await response.json()) as { token?: string }[];
    expect(messages.filter((message) => message.token !== undefined)).toHaveLength(3);
  });

  it.each([
    ['text/event-stream;q=0.5, */*;q=0.1', 'text/event-stream; charset=utf-8'],
    ['*/*', 'text/event-stream; charset=utf-8'],
    ['text/html, application/json', 'application/json; charset=utf-8'],
  ])('in answer to Accept: %s comes as %s', async (accept, type) => {
    const response = await ask('stream 1 tokens slow 0ms', accept);
    expect(response.headers.get('content-type')).toBe(type);
    await response.text();
  });

  it('that fails before its first message has a status of its own', async () => {
    await expectFetchProblem(await ask('fail first'), 'UPSTREAM_UNAVAILABLE');
    await expectFetchProblem(await ask('fail first with INTERNAL'), 'UPSTREAM_ERROR');
    await expectFetchProblem(await ask('fail first with RESOURCE_EXHAUSTED'), 'UPSTREAM_RATE_LIMITED');
  });

  it('that fails later says so in its last event', async () => {
    const events = (await (await ask('stream 9 tokens slow 0ms fail after 2')).text()).trimEnd().split('\n\n');
    expect(events).toHaveLength(3);
    const [name, data] = (events.at(-1) ?? '').split('\n');
    expect(name).toBe('event: error');
    expect(JSON.parse(data?.slice('data: '.length) ?? '')).toMatchObject({ code: 'UPSTREAM_UNAVAILABLE', status: 503 });
  });

  it('that fails later says so in its last line', async () => {
    const text = await (await ask('stream 9 tokens slow 0ms fail after 2', 'application/x-ndjson')).text();
    expect(JSON.parse(text.trimEnd().split('\n').at(-1) ?? '')).toHaveProperty('error.code', 'UPSTREAM_UNAVAILABLE');
  });

  it('that fails later breaks the array off, so that it does not parse', async () => {
    const response = await ask('stream 9 tokens slow 0ms fail after 2', 'application/json');
    await expect(response.text()).rejects.toThrow('terminated');
    await expect
      .poll(() => lastRequest(gateway))
      .toMatchObject({ status: 200, error_code: 'UPSTREAM_UNAVAILABLE', aborted: false });
  });

  it('keeps a silent connection open with comments', async () => {
    const text = await (await ask('stream 1 tokens slow 1500ms')).text();
    expect(text.startsWith(': keep-alive\n\n')).toBe(true);
    expect(text.endsWith('event: end\ndata: {}\n\n')).toBe(true);
  });

  it('has one log line, written at its end', async () => {
    const before = gateway.lines.length;
    await (await ask('stream 2 tokens slow 0ms')).text();
    await expect.poll(() => gateway.lines.slice(before).map((line) => line.status)).toEqual([200]);
    expect(lastRequest(gateway)).toMatchObject({ grpc_code: 'OK', rpc_method: METHOD, aborted: false });
  });
});

describe('a client that leaves', () => {
  it('cancels the call at the backend', async () => {
    const response = await openRaw('stream 100000 tokens slow 20ms');
    await once(response, 'data');
    response.destroy();
    const call = await gateway.sandbox.calls.waitFor((each) => each.method === METHOD && each.cancelled);
    expect(call.outcome).not.toBe('OK');
    await expect
      .poll(() => lastRequest(gateway))
      .toMatchObject({ status: 499, error_code: 'CLIENT_CLOSED', aborted: true, grpc_code: 'CANCELLED' });
  });

  it('cancels a unary call too', async () => {
    const leave = new AbortController();
    const pending = alice.sendWith(leave.signal, '/api/v1/ai', { query: 'slow 30000ms' });
    await gateway.sandbox.calls.waitFor((each) => each.method === '/ai.v1.AIService/ProcessQuery');
    leave.abort();
    await expect(pending).rejects.toThrow('aborted');
    await gateway.sandbox.calls.waitFor((each) => each.method === '/ai.v1.AIService/ProcessQuery' && each.cancelled);
  });
});

describe('a client that does not read', () => {
  it('holds the backend back instead of filling the gateway', async () => {
    const total = 4_000;
    const response = await openRaw(`stream ${total} tokens of 16384 bytes slow 0ms`);
    response.pause();
    const sent = () => gateway.sandbox.calls.list().find((each) => each.method === METHOD)?.messages ?? 0;
    await settled(sent);
    expect(sent()).toBeLessThan(total / 2);
    let bytes = 0;
    for await (const chunk of response) bytes += (chunk as Buffer).length;
    expect(bytes).toBeGreaterThan(total * 16_384);
  });

  /** Resolves when a count has stopped growing. */
  async function settled(count: () => number): Promise<void> {
    for (let last = -1; last !== count() || last === 0;) {
      last = count();
      await new Promise((resolve) => setTimeout(resolve, 300));
    }
  }
});

function openRaw(query: string): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const headers = { authorization: `Bearer ${alice.token}`, 'content-type': 'application/json' };
  httpRequest(gateway.url + STREAM, { method: 'POST', headers }, resolve)
    .on('error', reject)
    .end(JSON.stringify({ query }));
  return promise;
}

import { afterEach, describe, expect, it } from 'vitest';
import {
  namedShape,
  type PolicyInit,
  startShapesGateway,
  ShapesBackend,
  TENANT_CACHE,
} from '../support/cached-shapes.js';
import { Client } from '../support/client.js';
import { lastRequest, stages, startTestGateway, type TestGateway } from '../support/gateway.js';
import type { BytesStream } from '../support/grpc-backend.js';
import { metric } from '../support/metrics.js';
import { countStatuses } from '../support/rate-limits.js';
import { openUnread, StalledClient } from './stalled-client.js';

const FORMATS = ['text/event-stream', 'application/x-ndjson', 'application/json'];

const CHUNK = namedShape('x'.repeat(65_536));
/** Filling the buffers of the system takes a busy machine seconds. */
const SOON = { timeout: 40_000 };
const SLOW = { timeout: 60_000 };

const STREAM = '/api/v1/ai:stream';
/** More than the buffers of the system hold. */
const FLOOD = { query: 'stream 100000 tokens of 65536 bytes slow 0ms' };

const seconds = (count: number) => ({ seconds: BigInt(count) });

const closers: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

async function start(env: Readonly<Record<string, string>>): Promise<TestGateway> {
  const gateway = await startTestGateway({ env });
  closers.push(() => gateway.close());
  return gateway;
}

async function startShapes(
  env: Readonly<Record<string, string>>,
  writes?: PolicyInit,
): Promise<{ gateway: TestGateway; shapes: ShapesBackend }> {
  const shapes = await ShapesBackend.start(TENANT_CACHE, writes);
  const gateway = await startShapesGateway(shapes, { env });
  closers.push(
    () => shapes.close(),
    () => gateway.close(),
  );
  return { gateway, shapes };
}

/** Sends as much as the other side takes. */
function flood(call: BytesStream): void {
  const send = () => {
    while (!call.cancelled && call.write(CHUNK));
  };
  call.on('drain', send);
  send();
}

/** Returns the permits of requests and the calls at the backend that are held now. */
async function held(gateway: TestGateway) {
  const calls = gateway.sandbox.calls.list().filter(({ outcome }) => outcome === null);
  return {
    requests: stages(gateway).filter((stage) => stage === 'stream').length,
    upstream: await metric(gateway.url, 'gateway_upstream_in_flight_requests', { upstream: 'ai' }),
    calls: calls.length,
  };
}
const NOTHING = { requests: 0, upstream: 0, calls: 0 };

describe('a stream whose client reads nothing', SLOW, () => {
  const endings: [string, Record<string, string>, PolicyInit['stream'], string][] = [
    ['the write timeout', { GATEWAY_STREAM_WRITE_TIMEOUT: '500ms' }, {}, 'CLIENT_STALLED'],
    ['its longest pause', {}, { idleTimeout: seconds(1) }, 'CLIENT_STALLED'],
    ['its longest duration', {}, { maxDuration: seconds(1) }, 'UPSTREAM_TIMEOUT'],
  ];

  it.each(endings)('is ended by %s, in every format, and gives back all that it held', async (_, env, policy, code) => {
    const { gateway, shapes } = await startShapes(env, { stream: policy });
    const open = new Set<BytesStream>();
    shapes.stream = (call) => {
      open.add(call);
      call.on('cancelled', () => open.delete(call));
      flood(call);
    };
    const { token } = await Client.of(gateway, 'alice@acme.test');
    await Promise.all(
      FORMATS.map((accept) => openUnread(gateway.url, '/shapes/v1/shapes/one:rotate', { token, accept })),
    );
    const lines = () => gateway.lines.filter(({ rpc_method }) => String(rpc_method).endsWith('RotateShape'));
    await expect.poll(() => lines().length, SOON).toBe(FORMATS.length);
    expect(lines().map(({ error_code, status }) => [error_code, status])).toEqual(FORMATS.map(() => [code, 200]));
    await expect.poll(() => open.size, SOON).toBe(0);
    expect(await metric(gateway.url, 'gateway_upstream_in_flight_requests', { upstream: 'shapes' })).toBe(0);
    const stalled = await metric(gateway.url, 'gateway_stalled_clients_total');
    expect(stalled).toBe(code === 'CLIENT_STALLED' ? FORMATS.length : 0);
  });

  it('goes on when the client reads again in time, and loses nothing', async () => {
    // The last message of the sandbox holds all tokens once more.
    const gateway = await start({ GATEWAY_GRPC_MAX_RECEIVE_BYTES: '64MiB' });
    const { token } = await Client.of(gateway, 'alice@acme.test');
    const body = { query: 'stream 400 tokens of 65536 bytes slow 0ms' };
    const client = await openUnread(gateway.url, STREAM, { token, body });
    // The backend waits for the client.
    const sent = () => gateway.sandbox.calls.list().find(({ method }) => method.endsWith('StreamQuery'))?.messages ?? 0;
    await expect.poll(sent, SOON).toBeGreaterThan(30);
    const text = await client.readAll();
    expect(text.length).toBeGreaterThan(400 * 65_536);
    expect(text.slice(-500)).toContain('event: end');
  });
});

describe('a response of another kind whose client reads nothing', SLOW, () => {
  it('is ended by the write timeout: a unary one', async () => {
    const env = {
      GATEWAY_STREAM_WRITE_TIMEOUT: '500ms',
      GATEWAY_GRPC_MAX_RECEIVE_BYTES: '64MiB',
      GATEWAY_UPSTREAM_TIMEOUT: '20s',
    };
    const { gateway, shapes } = await startShapes(env);
    shapes.suffix = 'x'.repeat(16 * 1_048_576);
    const { token } = await Client.of(gateway, 'alice@acme.test');
    const headers = { authorization: `Bearer ${token}` };
    await StalledClient.send(gateway.url, { path: '/shapes/v1/shapes', headers });
    await expect.poll(() => lastRequest(gateway), SOON).toMatchObject({ error_code: 'CLIENT_STALLED', status: 200 });
    expect(await metric(gateway.url, 'gateway_stalled_clients_total')).toBe(1);
    const answer = await fetch(`${gateway.url}/shapes/v1/shapes`, { headers });
    expect((await answer.text()).length).toBeGreaterThan(shapes.suffix.length);
  });

  it.each([
    ['a unary one', { method: 'GET', path: '/shapes/v1/shapes' }, undefined],
    ['a stream', { method: 'POST', path: '/shapes/v1/shapes/one:rotate' }, {}],
  ])(
    'is the last on its connection, also when its client reads on within the second: %s',
    async (_, target, writes) => {
      const env = {
        GATEWAY_STREAM_WRITE_TIMEOUT: '500ms',
        GATEWAY_GRPC_MAX_RECEIVE_BYTES: '64MiB',
        GATEWAY_UPSTREAM_TIMEOUT: '20s',
      };
      const { gateway, shapes } = await startShapes(env, writes);
      shapes.suffix = 'x'.repeat(16 * 1_048_576);
      shapes.stream = flood;
      const { token } = await Client.of(gateway, 'alice@acme.test');
      const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
      const client = await StalledClient.send(gateway.url, { ...target, headers });
      const stalled = () => metric(gateway.url, 'gateway_stalled_clients_total');
      await expect.poll(stalled, { ...SOON, interval: 20 }).toBe(1);
      client.ask(`GET /api/v1/me HTTP/1.1\r\nhost: gateway\r\nauthorization: Bearer ${token}\r\n\r\n`);
      expect((await client.readAll()).match(/^HTTP\/1\.1 /gm)).toHaveLength(1);
    },
  );
});

describe(
  'twenty streams of one tenant whose clients read nothing, where twenty requests may be in flight',
  SLOW,
  () => {
    const LIMIT = 20;

    async function stall(): Promise<{ gateway: TestGateway; clients: StalledClient[]; carol: Client }> {
      const gateway = await start({ GATEWAY_MAX_CONCURRENT_REQUESTS: String(LIMIT), GATEWAY_USER_TIMEOUT: '20s' });
      const [alice, carol] = [
        await Client.of(gateway, 'alice@acme.test'),
        await Client.of(gateway, 'carol@globex.test'),
      ];
      const clients = await Promise.all(
        Array.from({ length: LIMIT }, () => openUnread(gateway.url, STREAM, { token: alice.token, body: FLOOD })),
      );
      const open = { upstream: 'ai' };
      await expect.poll(() => metric(gateway.url, 'gateway_upstream_in_flight_requests', open), SOON).toBe(15);
      return { gateway, clients, carol };
    }

    it('leave others their requests and their streams', async () => {
      const { gateway, clients, carol } = await stall();
      const answers: Response[] = [];
      for (let n = 0; n < 50; n++) answers.push(await carol.get('/api/v1/users/globex-carol'));
      expect(countStatuses(answers)).toEqual({ 200: 50 });
      const stream = await carol.send('POST', STREAM, { query: 'stream 2 tokens slow 0ms' });
      expect(await stream.text()).toContain('event: end');
      const refused = { priority: 'ai', reason: 'tenant_share' };
      expect(await metric(gateway.url, 'gateway_requests_shed_total', refused)).toBe(5);
      for (const client of clients) client.leave();
      await expect.poll(() => held(gateway), SOON).toEqual(NOTHING);
      const again = await fetchStream(gateway);
      expect(again).toBe(200);
    });

    it('do not keep a drain waiting for its whole time', async () => {
      const { gateway } = await stall();
      const begun = performance.now();
      await gateway.gateway.drain();
      // A second without a byte taken and one for last words, of the 40 s that others have; but the buffers fill first.
      expect(performance.now() - begun).toBeLessThan(30_000);
      const ended = gateway.lines.filter(({ error_code }) => error_code === 'CLIENT_STALLED');
      expect(ended).toHaveLength(15);
    });

    async function fetchStream(gateway: TestGateway): Promise<number> {
      const alice = await Client.of(gateway, 'alice@acme.test');
      const stream = await alice.send('POST', STREAM, { query: 'stream 2 tokens slow 0ms' });
      await stream.text();
      return stream.status;
    }
  },
);

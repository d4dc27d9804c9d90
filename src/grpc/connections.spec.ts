import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { failureOf } from '../../test/support/failure.js';
import { answer, frame, http2Stub } from '../../test/support/http2-stub.js';
import { getUserCall, rawClient, transportTo, upstreamConfig } from '../../test/support/transport.js';
import type { GatewayErrorCode } from '../domain/errors.js';

const toClose: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of toClose.splice(0).reverse()) await close();
});

/** A TCP peer that is no gRPC server. */
async function peer(onConnection: (socket: Socket) => void): Promise<string> {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    sockets.push(socket);
    onConnection(socket);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  toClose.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return `dns:///127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function closedPort(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return `dns:///127.0.0.1:${port}`;
}

type Row = readonly [
  what: string,
  target: () => Promise<string>,
  code: GatewayErrorCode,
  connection: string,
  phrase: string,
];

const ROWS: readonly Row[] = [
  ['nobody listens', closedPort, 'UPSTREAM_UNAVAILABLE', 'refused', 'connection refused'],
  ['the name is unknown', async () => 'dns:///nobody.invalid:50051', 'UPSTREAM_UNAVAILABLE', 'dns', 'no such host'],
  ['the peer is silent', () => peer(() => undefined), 'UPSTREAM_TIMEOUT', 'timeout', 'context deadline exceeded'],
  [
    'the peer resets',
    () => peer((socket) => socket.resetAndDestroy()),
    'UPSTREAM_UNAVAILABLE',
    'reset',
    'upstream connection error',
  ],
  [
    'the peer hangs up',
    () => peer((socket) => socket.destroy()),
    'UPSTREAM_UNAVAILABLE',
    'other',
    'upstream connection error',
  ],
  [
    'the peer speaks HTTP/1.1',
    () => peer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')),
    'UPSTREAM_UNAVAILABLE',
    'other',
    'upstream connection error',
  ],
];

describe('a call that finds no connection', () => {
  it.each(ROWS)('says so when %s', async (_, target, code, connection, phrase) => {
    const client = rawClient(upstreamConfig(await target()));
    toClose.push(() => client.close());
    const { error, failure } = await failureOf(
      transportTo(client).unary(getUserCall({ deadlineAt: performance.now() + 500 })),
    );
    expect(error.code).toBe(code);
    expect(failure).toMatchObject({ connection, backendFault: true });
    expect(failure.phrase).toContain(phrase);
    expect(error.detail).toContain(phrase);
    if (code === 'UPSTREAM_UNAVAILABLE') {
      expect(error.retryAfterSeconds).toBeGreaterThan(0);
      expect(failure.retryableUncommitted).toBe(true);
    }
  });

  it('is refused plainly once the channel is closed', async () => {
    const client = rawClient(upstreamConfig(await closedPort()));
    client.close();
    const { error, failure } = await failureOf(transportTo(client).unary(getUserCall()));
    expect(error.code).toBe('UPSTREAM_UNAVAILABLE');
    expect(failure).toMatchObject({ origin: 'local', backendFault: false });
  });
});

describe('a connection that stays open but carries nothing', () => {
  it('is given up by keepalive and replaced', async () => {
    const stub = await http2Stub();
    toClose.push(() => stub.close());
    const frozen: Socket[] = [];
    const target = await peer((socket) => {
      const onward = connect(Number(stub.target.split(':').at(-1)), '127.0.0.1');
      onward.on('error', () => undefined);
      socket.pipe(onward).pipe(socket);
      frozen.push(socket);
    });
    const client = rawClient(upstreamConfig(target), { keepaliveTimeMs: 100, keepaliveTimeoutMs: 100 });
    toClose.push(() => client.close());
    stub.reply = () => frozen[0]?.unpipe().pause();
    const { error, failure } = await failureOf(
      transportTo(client).unary(getUserCall({ deadlineAt: performance.now() + 4_000 })),
    );
    expect({ code: error.code, connection: failure.connection }).toEqual({
      code: 'UPSTREAM_UNAVAILABLE',
      connection: 'reset',
    });
    stub.reply = answer(frame(Buffer.from('back')), { 'grpc-status': '0' });
    expect(await transportTo(client).unary(getUserCall())).toEqual(Buffer.from('back'));
    expect(frozen).toHaveLength(2);
  });
});

import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { failureOf } from '../../test/support/failure.js';
import { answer, frame, http2Stub } from '../../test/support/http2-stub.js';
import { getUserCall, TRANSPORTS, upstreamConfig } from '../../test/support/transport.js';
import type { UpstreamTransport } from './transport.js';
import type { ConnectionFailure } from '../domain/upstream-measure.js';

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

interface Row {
  readonly when: string;
  readonly target: () => Promise<string>;
  readonly connection: ConnectionFailure;
  readonly phrase: string;
}

const UNREACHABLE: readonly Row[] = [
  { when: 'nobody listens', target: closedPort, connection: 'refused', phrase: 'connection refused' },
  {
    when: 'the name is unknown',
    target: async () => 'dns:///nobody.invalid:50051',
    connection: 'dns',
    phrase: 'no such host',
  },
  {
    when: 'the peer resets',
    target: () => peer((socket) => socket.resetAndDestroy()),
    connection: 'reset',
    phrase: 'upstream connection error',
  },
  {
    when: 'the peer hangs up',
    target: () => peer((socket) => socket.destroy()),
    connection: 'other',
    phrase: 'upstream connection error',
  },
  {
    when: 'the peer speaks HTTP/1.1',
    target: () => peer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')),
    connection: 'other',
    phrase: 'upstream connection error',
  },
];

describe.each(TRANSPORTS)('a call over $name that finds no connection', ({ open }) => {
  const opened = (target: string): UpstreamTransport => {
    const transport = open(upstreamConfig(target));
    toClose.push(() => transport.close());
    return transport;
  };

  it.each(UNREACHABLE)('says so when $when', async ({ target, connection, phrase }) => {
    const { error, failure } = await failureOf(opened(await target()).unary(getUserCall()));
    expect(error).toMatchObject({ code: 'UPSTREAM_UNAVAILABLE', retryAfterSeconds: 5 });
    expect(failure).toMatchObject({ connection, backendFault: true, retryableUncommitted: true });
    expect(failure.phrase).toContain(phrase);
    expect(error.detail).toContain(phrase);
  });

  it('ends at its deadline when the peer is silent', async () => {
    const transport = opened(await peer(() => undefined));
    const { error, failure } = await failureOf(transport.unary(getUserCall({ deadlineAt: performance.now() + 600 })));
    expect(error.code).toBe('UPSTREAM_TIMEOUT');
    expect(failure).toMatchObject({ connection: 'timeout', backendFault: true });
    expect(failure.phrase).toContain('context deadline exceeded');
  });

  it('is refused plainly once the transport is closed', async () => {
    const transport = opened(await closedPort());
    transport.close();
    const { error, failure } = await failureOf(transport.unary(getUserCall()));
    expect(error.code).toBe('UPSTREAM_UNAVAILABLE');
    expect(failure).toMatchObject({ origin: 'local', backendFault: false });
  });
});

describe.each(TRANSPORTS)('a connection of $name that stays open but carries nothing', ({ open }) => {
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
    const transport = open(upstreamConfig(target), { keepaliveTimeMs: 100, keepaliveTimeoutMs: 100 });
    toClose.push(() => transport.close());
    stub.reply = () => frozen[0]?.unpipe().pause();
    const { error, failure } = await failureOf(transport.unary(getUserCall({ deadlineAt: performance.now() + 4_000 })));
    expect({ code: error.code, connection: failure.connection }).toEqual({
      code: 'UPSTREAM_UNAVAILABLE',
      connection: 'reset',
    });
    stub.reply = answer(frame(Buffer.from('back')), { 'grpc-status': '0' });
    expect(await transport.unary(getUserCall())).toEqual(Buffer.from('back'));
    expect(frozen).toHaveLength(2);
  });
});

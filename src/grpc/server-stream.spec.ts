import { afterEach, describe, expect, it } from 'vitest';
import { failureOf } from '../../test/support/failure.js';
import { type BytesStream, grpcBackend, type GrpcBackend } from '../../test/support/grpc-backend.js';
import {
  answer,
  frame,
  GRPC_HEADERS,
  html,
  http2Stub,
  type Http2Stub,
  trailersOnly,
} from '../../test/support/http2-stub.js';
import { getUserCall, type Open, TRANSPORTS, upstreamConfig } from '../../test/support/transport.js';
import type { MessageStream, TransportCall, UpstreamTransport } from './transport.js';

const PATH = '/ai.v1.AIService/StreamQuery';
const OK = { 'grpc-status': '0' };

let backend: GrpcBackend | undefined;
let stub: Http2Stub | undefined;
let transport: UpstreamTransport | undefined;
afterEach(async () => {
  transport?.close();
  backend?.close();
  await stub?.close();
  transport = backend = stub = undefined;
});

async function serving(open: Open, handle: (call: BytesStream) => void): Promise<UpstreamTransport> {
  backend = await grpcBackend({ stream: { [PATH]: handle } });
  return (transport = open(upstreamConfig(backend.target)));
}

async function stubbed(open: Open, reply: Http2Stub['reply']): Promise<UpstreamTransport> {
  stub = await http2Stub(reply);
  return (transport = open(upstreamConfig(stub.target)));
}

function streamCall(overrides: Partial<TransportCall> = {}): TransportCall {
  const method = { upstream: 'ai', service: 'ai.v1.AIService', name: 'StreamQuery', path: PATH };
  return getUserCall({ method, ...overrides });
}

async function collect(stream: MessageStream): Promise<string[]> {
  const texts: string[] = [];
  for await (const message of stream) texts.push(Buffer.from(message).toString());
  return texts;
}

const firstOf = (stream: MessageStream): Promise<IteratorResult<Uint8Array>> => stream[Symbol.asyncIterator]().next();

describe.each(TRANSPORTS)('a server stream over $name', ({ open }) => {
  it('hands out every message in order, then ends', async () => {
    const texts = Array.from({ length: 100 }, (_, n) => `message ${n}`);
    const transport = await serving(open, (call) => {
      for (const text of texts) call.write(Buffer.from(text));
      call.end();
    });
    expect(await collect(transport.serverStream(streamCall()))).toEqual(texts);
  });

  it('may be empty', async () => {
    const transport = await serving(open, (call) => call.end());
    expect(await collect(transport.serverStream(streamCall()))).toEqual([]);
  });

  it('pauses a backend whose messages nobody reads, and lets it go on when they are', async () => {
    const message = Buffer.alloc(16_384);
    let written = 0;
    const transport = await serving(open, (call) => {
      const write = (): void => {
        let writable = true;
        while (writable && written < 5_000) {
          written += 1;
          writable = call.write(message);
        }
      };
      call.on('drain', write);
      write();
    });
    /** Round trips on the same connection until the backend has stopped writing. */
    const standstill = async (): Promise<number> => {
      let before = -1;
      for (let still = 0; still < 20; still = before === written ? still + 1 : 0) {
        before = written;
        await failureOf(transport.unary(getUserCall()));
      }
      return written;
    };
    const stream = transport.serverStream(streamCall({ deadlineAt: performance.now() + 30_000 }));
    const iterator = stream[Symbol.asyncIterator]();
    await iterator.next();
    expect(await standstill()).toBeLessThan(100);
    for (let read = 1; read < 300; read += 1) await iterator.next();
    const after = await standstill();
    expect(after).toBeGreaterThanOrEqual(300);
    expect(after).toBeLessThan(400);
    stream.cancel();
  });

  it('that is refused untouched is opened once more', async () => {
    let refusals = 1;
    const transport = await stubbed(open, (stream, headers) => {
      if (refusals-- > 0) stream.close(7);
      else answer(frame(Buffer.from('second')), OK)(stream, headers);
    });
    expect(await collect(transport.serverStream(streamCall()))).toEqual(['second']);
  });

  it('is cancelled at the backend when its loop is left', async () => {
    const cancelled = Promise.withResolvers<void>();
    const transport = await serving(open, (call) => {
      call.on('cancelled', () => cancelled.resolve());
      call.write(Buffer.from('one'));
    });
    for await (const message of transport.serverStream(streamCall())) {
      expect(message).toEqual(Buffer.from('one'));
      break;
    }
    await cancelled.promise;
  });

  it('ends quietly when it is cancelled, as often as one likes', async () => {
    const transport = await serving(open, (call) => call.write(Buffer.from('one')));
    const stream = transport.serverStream(streamCall());
    const iterator = stream[Symbol.asyncIterator]();
    await iterator.next();
    const waiting = iterator.next();
    stream.cancel();
    stream.cancel();
    expect(await waiting).toEqual({ done: true, value: undefined });
    expect(await iterator.next()).toEqual({ done: true, value: undefined });
  });

  it('fails of CLIENT_CLOSED when the client leaves, and the backend learns of it', async () => {
    const cancelled = Promise.withResolvers<void>();
    const transport = await serving(open, (call) => {
      call.on('cancelled', () => cancelled.resolve());
      for (let n = 0; n < 5; n += 1) call.write(Buffer.from('one'));
    });
    const controller = new AbortController();
    const iterator = transport.serverStream(streamCall({ signal: controller.signal }))[Symbol.asyncIterator]();
    await iterator.next();
    controller.abort();
    expect((await failureOf(iterator.next())).error.code).toBe('CLIENT_CLOSED');
    expect(await iterator.next()).toEqual({ done: true, value: undefined });
    await cancelled.promise;
  });

  it('is not opened for a client that has left already', async () => {
    const transport = await serving(open, () => undefined);
    const { error } = await failureOf(firstOf(transport.serverStream(streamCall({ signal: AbortSignal.abort() }))));
    expect(error.code).toBe('CLIENT_CLOSED');
  });

  it('ends at its deadline', async () => {
    const transport = await serving(open, (call) => call.write(Buffer.from('one')));
    const stream = transport.serverStream(streamCall({ deadlineAt: performance.now() + 200 }));
    const { error, failure } = await failureOf(collect(stream));
    expect(error.code).toBe('UPSTREAM_TIMEOUT');
    expect(failure.origin).toBe('local');
  });

  it('hands out what came before an error, then the error, once', async () => {
    let fail = (): void => undefined;
    const transport = await stubbed(open, (stream, headers) => {
      if (headers[':path'] !== PATH) return html(404)(stream, headers);
      stream.respond(GRPC_HEADERS, { waitForTrailers: true });
      stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '5', 'grpc-message': 'gone' }));
      stream.write(Buffer.concat([frame(Buffer.from('one')), frame(Buffer.from('two'))]));
      fail = () => stream.end();
    });
    const iterator = transport.serverStream(streamCall())[Symbol.asyncIterator]();
    const texts = [await iterator.next(), await iterator.next()].map(({ value }) => String(value));
    fail();
    // A round trip on the same connection: the error has arrived before anybody asks for it.
    await failureOf(transport.unary(getUserCall()));
    const { error } = await failureOf(iterator.next());
    expect({ texts, code: error.code, detail: error.detail }).toEqual({
      texts: ['one', 'two'],
      code: 'NOT_FOUND',
      detail: 'gone',
    });
    expect(await iterator.next()).toEqual({ done: true, value: undefined });
  });

  it.each([
    ['an error before the first message', trailersOnly({ 'grpc-status': '14' }), 'UPSTREAM_UNAVAILABLE'],
    ['the error page of a proxy', html(502, '<html>'), 'UPSTREAM_UNAVAILABLE'],
    ['a length prefix of 4 GiB', answer(frame(Buffer.alloc(9), { length: 2 ** 32 - 1 }), {}), 'UPSTREAM_ERROR'],
    ['no grpc-status', answer(Buffer.alloc(0), { x: 'y' }), 'UPSTREAM_ERROR'],
  ] as const)('fails at its first message of %s', async (_, reply, code) => {
    const transport = await stubbed(open, reply);
    expect((await failureOf(firstOf(transport.serverStream(streamCall())))).error.code).toBe(code);
  });

  it('crashes nothing when it fails and nobody reads', async () => {
    const replied = Promise.withResolvers<void>();
    const transport = await stubbed(open, (stream) => {
      stream.respond(GRPC_HEADERS);
      stream.close(2);
      stream.on('close', () => replied.resolve());
    });
    const stream = transport.serverStream(streamCall());
    await replied.promise;
    await failureOf(transport.unary(getUserCall()));
    expect((await failureOf(firstOf(stream))).error.code).toBe('UPSTREAM_ERROR');
  });

  it('has one reader at a time', async () => {
    const transport = await serving(open, () => undefined);
    const stream = transport.serverStream(streamCall());
    const iterator = stream[Symbol.asyncIterator]();
    const first = iterator.next();
    await expect(iterator.next()).rejects.toThrow('one reader');
    stream.cancel();
    await first;
  });

  it('is refused by a transport that is closed', async () => {
    const transport = await serving(open, () => undefined);
    transport.close();
    expect((await failureOf(firstOf(transport.serverStream(streamCall())))).error.code).toBe('UPSTREAM_UNAVAILABLE');
  });
});

import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { failureOf } from '../../test/support/failure.js';
import {
  answer,
  frame,
  GRPC_HEADERS,
  html,
  http2Stub,
  type Http2Reply,
  type Http2Stub,
  trailersOnly,
} from '../../test/support/http2-stub.js';
import { getUserCall, openGrpcJs, TRANSPORTS, upstreamConfig } from '../../test/support/transport.js';
import type { UpstreamTransport } from './transport.js';
import type { GatewayErrorCode } from '../domain/errors.js';
import type { GrpcCode } from './grpc-code.js';

const MESSAGE = Buffer.from('a user');
const OK = { 'grpc-status': '0' };
const HUGE_HEADERS = Object.fromEntries(Array.from({ length: 12 }, (_, n) => [`x-${n}`, 'a'.repeat(8_000)]));

/** RST_STREAM with a code, after nothing, after headers or in the middle of a message. */
function reset(code: number, after: 'call' | 'headers' | 'half a message' = 'call'): Http2Reply {
  return (stream) => {
    const rst = (): void => {
      stream.close(code);
      stream.destroy();
    };
    if (after === 'call') return rst();
    stream.respond(GRPC_HEADERS);
    stream.write(after === 'headers' ? Buffer.alloc(1) : frame(MESSAGE, { length: 100 }), rst);
  };
}

/** GOAWAY while a call is in flight, and the end of the connection with it. */
function goAway(code: number, data = ''): Http2Reply {
  return ({ session }) => {
    session?.goaway(code, 0, Buffer.from(data));
    session?.destroy(undefined, code);
  };
}

/** The last is grpc-js' code where it mistakes what came for something else; the error is the same. */
type Row = readonly [
  what: string,
  reply: Http2Reply,
  code: GatewayErrorCode,
  grpcCode: GrpcCode,
  grpcJsCode?: GrpcCode,
];

const GARBAGE: readonly Row[] = [
  ['grpc-status abc', trailersOnly({ 'grpc-status': 'abc' }), 'UPSTREAM_ERROR', 'UNKNOWN'],
  ['grpc-status 99', trailersOnly({ 'grpc-status': '99' }), 'UPSTREAM_ERROR', 'UNKNOWN'],
  ['grpc-status -1', trailersOnly({ 'grpc-status': '-1' }), 'UPSTREAM_ERROR', 'UNKNOWN'],
  ['grpc-status 5.5', trailersOnly({ 'grpc-status': '5.5' }), 'UPSTREAM_ERROR', 'UNKNOWN'],
  ['grpc-status 2147483648', trailersOnly({ 'grpc-status': '2147483648' }), 'UPSTREAM_ERROR', 'UNKNOWN'],
  ['an empty grpc-status', trailersOnly({ 'grpc-status': '' }), 'UPSTREAM_ERROR', 'UNKNOWN', 'INTERNAL'],
  ['no grpc-status', trailersOnly({}), 'UPSTREAM_ERROR', 'UNKNOWN'],
  ['a message without a grpc-status', answer(frame(MESSAGE), { x: 'y' }), 'UPSTREAM_ERROR', 'UNKNOWN'],
  ['OK without a message', trailersOnly(OK), 'UPSTREAM_ERROR', 'INTERNAL'],
  [
    'two messages in one frame',
    answer(Buffer.concat([frame(MESSAGE), frame(MESSAGE)]), OK),
    'UPSTREAM_ERROR',
    'INTERNAL',
  ],
  ['a truncated message', answer(frame(MESSAGE, { length: 100 }), OK), 'UPSTREAM_ERROR', 'INTERNAL'],
  [
    'a compressed flag without encoding',
    answer(frame(MESSAGE, { compressed: true }), OK),
    'UPSTREAM_ERROR',
    'INTERNAL',
    'UNKNOWN',
  ],
  [
    'bad gzip',
    answer(frame(MESSAGE, { compressed: true }), OK, { 'grpc-encoding': 'gzip' }),
    'UPSTREAM_ERROR',
    'INTERNAL',
  ],
  [
    'an unknown encoding',
    answer(frame(MESSAGE, { compressed: true }), OK, { 'grpc-encoding': 'br' }),
    'UPSTREAM_ERROR',
    'INTERNAL',
    'UNKNOWN',
  ],
  [
    'a gzip bomb',
    answer(frame(gzipSync(Buffer.alloc(20_000_000)), { compressed: true }), OK, { 'grpc-encoding': 'gzip' }),
    'UPSTREAM_ERROR',
    'INTERNAL',
    'RESOURCE_EXHAUSTED',
  ],
  [
    'a length prefix of 4 GiB',
    answer(frame(MESSAGE, { length: 2 ** 32 - 1 }), OK),
    'UPSTREAM_ERROR',
    'RESOURCE_EXHAUSTED',
  ],
  ['a message over the limit', answer(frame(Buffer.alloc(2_000_000)), OK), 'UPSTREAM_ERROR', 'RESOURCE_EXHAUSTED'],
  ['headers of 96 KB', (stream) => stream.respond({ ...GRPC_HEADERS, ...HUGE_HEADERS }), 'UPSTREAM_ERROR', 'INTERNAL'],
  ['200 text/html', html(200, '<html>'.repeat(20)), 'UPSTREAM_ERROR', 'UNKNOWN', 'RESOURCE_EXHAUSTED'],
  ['HTTP 401 of a mesh', html(401), 'UPSTREAM_ERROR', 'UNAUTHENTICATED'],
  ['HTTP 403 of a mesh', html(403, '<html>forbidden'), 'UPSTREAM_ERROR', 'PERMISSION_DENIED'],
  ['HTTP 404 of a proxy', html(404), 'UPSTREAM_ERROR', 'UNIMPLEMENTED'],
  ['HTTP 429 of a proxy', html(429), 'UPSTREAM_UNAVAILABLE', 'UNAVAILABLE'],
  ['HTTP 500 of a proxy', html(500), 'UPSTREAM_ERROR', 'UNKNOWN'],
  ['HTTP 503 of a proxy', html(503), 'UPSTREAM_UNAVAILABLE', 'UNAVAILABLE'],
  [
    'a grpc-status of something that is no gRPC server',
    (stream) =>
      stream.respond({ ':status': 200, 'content-type': 'text/plain', 'grpc-status': '5' }, { endStream: true }),
    'UPSTREAM_ERROR',
    'NOT_FOUND',
  ],
];

const RESETS: readonly Row[] = [
  ['RST_STREAM 0', reset(0), 'UPSTREAM_ERROR', 'INTERNAL'],
  ['RST_STREAM 1', reset(1), 'UPSTREAM_ERROR', 'INTERNAL'],
  ['RST_STREAM 2', reset(2), 'UPSTREAM_ERROR', 'INTERNAL'],
  ['RST_STREAM 2 after headers', reset(2, 'headers'), 'UPSTREAM_ERROR', 'INTERNAL'],
  ['RST_STREAM 2 in a message', reset(2, 'half a message'), 'UPSTREAM_ERROR', 'INTERNAL'],
  ['RST_STREAM 3', reset(3), 'UPSTREAM_ERROR', 'INTERNAL'],
  ['RST_STREAM 5', reset(5), 'UPSTREAM_ERROR', 'INTERNAL'],
  ['RST_STREAM 7', reset(7), 'UPSTREAM_UNAVAILABLE', 'UNAVAILABLE'],
  ['RST_STREAM 7 in a message', reset(7, 'half a message'), 'UPSTREAM_UNAVAILABLE', 'UNAVAILABLE'],
  ['RST_STREAM 8', reset(8), 'UPSTREAM_ERROR', 'CANCELLED'],
  ['RST_STREAM 8 after headers', reset(8, 'headers'), 'UPSTREAM_ERROR', 'CANCELLED'],
  ['RST_STREAM 8 in a message', reset(8, 'half a message'), 'UPSTREAM_ERROR', 'CANCELLED'],
  ['RST_STREAM 11', reset(11), 'UPSTREAM_UNAVAILABLE', 'RESOURCE_EXHAUSTED'],
  ['RST_STREAM 12', reset(12), 'UPSTREAM_ERROR', 'PERMISSION_DENIED'],
  ['RST_STREAM 13', reset(13), 'UPSTREAM_ERROR', 'INTERNAL'],
  ['GOAWAY INTERNAL_ERROR', goAway(2), 'UPSTREAM_ERROR', 'INTERNAL'],
  ['GOAWAY too_many_pings', goAway(11, 'too_many_pings'), 'UPSTREAM_UNAVAILABLE', 'RESOURCE_EXHAUSTED'],
  ['a dropped connection', ({ session }) => session?.socket.destroy(), 'UPSTREAM_UNAVAILABLE', 'UNAVAILABLE'],
];

describe.each(TRANSPORTS)('a backend of $name that breaks the protocol', ({ open }) => {
  let stub: Http2Stub;
  let transport: UpstreamTransport;

  beforeEach(async () => {
    stub = await http2Stub();
    transport = open(upstreamConfig(stub.target));
  });
  afterEach(async () => {
    transport.close();
    await stub.close();
  });

  it.each([...GARBAGE, ...RESETS])('is at fault for %s', async (...row) => {
    const [, reply, code, grpcCode, grpcJsCode = grpcCode] = row as unknown as Row;
    stub.reply = reply;
    const { error, failure } = await failureOf(transport.unary(getUserCall()));
    const expected = open === openGrpcJs ? grpcJsCode : grpcCode;
    expect({ code: error.code, grpcCode: failure.grpcCode }).toEqual({ code, grpcCode: expected });
    expect(failure).toMatchObject({ origin: 'transport', backendFault: true });
    expect(error.detail).toMatch(/^The "user" service (failed|cannot answer now): /);
    expect(error.retryAfterSeconds === undefined).toBe(code !== 'UPSTREAM_UNAVAILABLE');
  });

  it('is asked again when it refused a call, once at most', async () => {
    stub.reply = reset(7);
    const { failure } = await failureOf(transport.unary(getUserCall()));
    expect(failure.retryableUncommitted).toBe(true);
    expect(stub.calls).toHaveLength(2);
  });

  it('may not be asked again once it has begun to answer', async () => {
    stub.reply = reset(7, 'half a message');
    const { failure } = await failureOf(transport.unary(getUserCall()));
    expect(failure).toMatchObject({ grpcCode: 'UNAVAILABLE', retryableUncommitted: false });
  });

  it('says which connection failures they were', async () => {
    stub.reply = goAway(2);
    expect((await failureOf(transport.unary(getUserCall()))).failure.connection).toBe('goaway');
    stub.reply = ({ session }) => session?.socket.destroy();
    expect((await failureOf(transport.unary(getUserCall()))).failure.connection).toBe('reset');
  });

  it('answers the next call on a new connection after GOAWAY', async () => {
    stub.reply = goAway(2);
    await failureOf(transport.unary(getUserCall()));
    stub.reply = answer(frame(MESSAGE), OK);
    expect(await transport.unary(getUserCall())).toEqual(MESSAGE);
  });

  it('finishes the calls in flight after GOAWAY NO_ERROR', async () => {
    stub.reply = (stream, headers) => {
      stream.session?.goaway(0);
      answer(frame(MESSAGE), OK)(stream, headers);
    };
    expect(await transport.unary(getUserCall())).toEqual(MESSAGE);
  });
});

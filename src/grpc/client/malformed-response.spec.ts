import { afterEach, describe, expect, it } from 'vitest';
import { failureOf } from '../../../test/support/failure.js';
import { frame as message } from '../../../test/support/http2-stub.js';
import { Http2Fixture, soon } from '../../../test/support/http2-fixture.js';
import {
  goodAnswer,
  GRPC_HEADER_BLOCK as GRPC,
  literal,
  type RawConnection,
  type RawPeer,
} from '../../../test/support/raw-http2.js';
import { getUserCall } from '../../../test/support/transport.js';
import { Flag, frame, FrameType, uint32 } from '../h2/frames.js';
import type { Http2Transport } from './http2-transport.js';

const OK = literal('grpc-status', '0');
const STATUS_200 = Buffer.of(0x88);
const TYPE = literal('content-type', 'application/grpc');
const MESSAGE = message(Buffer.from('a user'));

const fixture = new Http2Fixture();
afterEach(() => fixture.close());

/** A header block, and whether it ends the stream. */
const headers = (id: number, ...fields: Buffer[]): Buffer =>
  frame(FrameType.HEADERS, Flag.END_HEADERS, id, Buffer.concat(fields));
const trailers = (id: number, ...fields: Buffer[]): Buffer =>
  frame(FrameType.HEADERS, Flag.END_HEADERS | Flag.END_STREAM, id, Buffer.concat(fields));
const data = (id: number, bytes: Uint8Array = MESSAGE, flags = 0): Buffer => frame(FrameType.DATA, flags, id, bytes);

/** A whole answer of OK whose headers, or trailers, hold these fields besides. */
const withHeaders =
  (...fields: Buffer[]) =>
  (id: number): Buffer =>
    Buffer.concat([headers(id, ...fields), data(id), trailers(id, OK)]);
const withTrailers =
  (...fields: Buffer[]) =>
  (id: number): Buffer =>
    Buffer.concat([headers(id, GRPC), data(id), trailers(id, ...fields)]);

type Answer = (streamId: number) => Buffer;
type Row = readonly [rule: string, what: string, answer: Answer, details?: string];

/** One row per rule; each is an answer that would be OK without it. */
const MALFORMED: readonly Row[] = [
  ['8.1', 'DATA before HEADERS', (id) => Buffer.concat([data(id), withHeaders(GRPC)(id)]), 'DATA before HEADERS'],
  ['8.1', 'no HEADERS at all', (id) => data(id, Buffer.alloc(0), Flag.END_STREAM), 'DATA before HEADERS'],
  [
    '8.1',
    'HEADERS between the first and the trailers',
    (id) => Buffer.concat([headers(id, GRPC), headers(id, literal('x', 'y')), data(id), trailers(id, OK)]),
    'second HEADERS without END_STREAM',
  ],
  ['8.1', '1xx that ends the stream', (id) => trailers(id, literal(':status', '103')), 'informational response'],
  ['8.1.1', 'a content-length that is too small', withHeaders(GRPC, literal('content-length', '10')), 'content-length'],
  ['8.1.1', 'a content-length that is too large', withHeaders(GRPC, literal('content-length', '12')), 'content-length'],
  ['8.1.1', 'a content-length that is a word', withHeaders(GRPC, literal('content-length', 'all')), 'content-length'],
  ['8.1.1', 'a content-length without DATA', (id) => trailers(id, GRPC, literal('content-length', '5'), OK)],
  ['8.2.1', 'an upper-case name', withHeaders(GRPC, literal('X-Upper', 'a')), 'field name with a forbidden character'],
  ['8.2.1', 'an upper-case name in trailers', withTrailers(OK, literal('Grpc-Message', 'a')), 'field name'],
  ['8.2.1', 'an empty name', withHeaders(GRPC, literal('', 'a')), 'field name with a forbidden character'],
  ['8.2.1', 'a space in a name', withHeaders(GRPC, literal('x y', 'a')), 'field name with a forbidden character'],
  ['8.2.1', 'a name that is not ASCII', withHeaders(GRPC, literal('x\u00e9', 'a')), 'field name'],
  ['8.2.1', 'a colon in a name', withHeaders(GRPC, literal('x:y', 'a')), 'field name with a forbidden character'],
  ['8.2.1', 'NUL in a value', withHeaders(GRPC, literal('x', 'a\0b')), 'NUL, CR or LF in a field value'],
  ['8.2.1', 'CR in a value', withHeaders(GRPC, literal('x', 'a\rb')), 'NUL, CR or LF in a field value'],
  ['8.2.1', 'LF in a value', withTrailers(OK, literal('grpc-message', 'a\nb')), 'NUL, CR or LF in a field value'],
  ['8.2.1', 'a value that begins with a space', withHeaders(GRPC, literal('x', ' a')), 'space at an end'],
  ['8.2.1', 'a value that ends with a tab', withHeaders(GRPC, literal('x', 'a\t')), 'space at an end'],
  ...['connection', 'proxy-connection', 'keep-alive', 'transfer-encoding', 'upgrade'].map(
    (name) => ['8.2.2', name, withHeaders(GRPC, literal(name, 'x')), `header field ${name}`] as const,
  ),
  ['8.2.2', 'te other than trailers', withHeaders(GRPC, literal('te', 'gzip')), 'te other than trailers'],
  ['8.3', 'a pseudo-header after a regular field', withHeaders(TYPE, STATUS_200), 'after a regular field'],
  ['8.3', 'a pseudo-header of requests', withHeaders(literal(':path', '/'), GRPC), 'pseudo-header other than :status'],
  ['8.3', 'a pseudo-header of the static table', withHeaders(Buffer.of(0x82), GRPC), 'other than :status'],
  ['8.3', 'an unknown pseudo-header', withHeaders(literal(':x', 'y'), GRPC), 'pseudo-header other than :status'],
  ['8.3', ':status in trailers', withTrailers(STATUS_200, OK), 'pseudo-header in trailers'],
  ['8.3.2', 'no :status', withHeaders(TYPE), 'no valid :status'],
  ['8.3.2', 'two :status', withHeaders(STATUS_200, GRPC), 'repeated field'],
  ['8.3.2', ':status 2000', withHeaders(literal(':status', '2000'), TYPE), 'no valid :status'],
  ['8.3.2', ':status ok', withHeaders(literal(':status', 'ok'), TYPE), 'no valid :status'],
  ['8.6', ':status 101', (id) => Buffer.concat([headers(id, literal(':status', '101')), withHeaders(GRPC)(id)]), '101'],
  ['gRPC', 'two grpc-status', withTrailers(OK, OK), 'repeated field'],
  ['gRPC', 'two grpc-status that differ', withTrailers(OK, literal('grpc-status', '5')), 'repeated field'],
  ['gRPC', 'two content types', withHeaders(GRPC, TYPE), 'repeated field'],
  ['6.9', 'WINDOW_UPDATE 0', (id) => frame(FrameType.WINDOW_UPDATE, 0, id, uint32(0)), 'WINDOW_UPDATE increment is 0'],
  ['6.3', 'a PRIORITY of 4 bytes', (id) => frame(FrameType.PRIORITY, 0, id, Buffer.alloc(4)), 'PRIORITY payload'],
];

/** Answers as a row says, to the first call alone; a bystander on the same connection waits for the second. */
async function peerThat(answer: Answer): Promise<{ peer: RawPeer; transport: Http2Transport }> {
  const peer = await fixture.peer(({ type, streamId }, connection) => {
    if (type !== FrameType.DATA || streamId === 1) return;
    connection.send(streamId === 3 ? answer(streamId) : goodAnswer(streamId, Buffer.from('sound')));
    if (streamId !== 3) connection.send(goodAnswer(1, Buffer.from('bystander')));
  });
  return { peer, transport: fixture.open(peer.target) };
}

const resetsOf = (connection: RawConnection | undefined): (readonly [number, number])[] =>
  connection?.of(FrameType.RST_STREAM).map(({ streamId, payload }) => [streamId, payload.readUInt32BE(0)] as const) ??
  [];

describe('a response that breaks RFC 9113', () => {
  it.each(MALFORMED)('section %s by %s ends its stream alone, as a fault', async (...row) => {
    const [, , answer, details = ''] = row as unknown as Row;
    const { peer, transport } = await peerThat(answer);
    const bystander = transport.unary(getUserCall({ deadlineAt: soon() }));
    const { error, failure } = await failureOf(transport.unary(getUserCall({ deadlineAt: soon() })));
    expect(error.code).toBe('UPSTREAM_ERROR');
    expect(failure).toMatchObject({ grpcCode: 'INTERNAL', origin: 'transport', backendFault: true });
    expect(failure.connection).toBeUndefined();
    expect(failure.details).toContain(`Malformed response: `);
    expect(failure.details).toContain(details);
    expect(await transport.unary(getUserCall({ deadlineAt: soon() }))).toEqual(Buffer.from('sound'));
    expect(await bystander).toEqual(Buffer.from('bystander'));
    expect(peer.connections).toHaveLength(1);
  });

  it.each([
    ['a header block that does not end it', withHeaders(GRPC, literal('connection', 'x')), 1],
    ['DATA before HEADERS', (id: number) => data(id), 1],
    [
      'more DATA than its content-length',
      (id: number) => Buffer.concat([headers(id, GRPC, literal('content-length', '1')), data(id)]),
      1,
    ],
    ['a PRIORITY of 4 bytes', (id: number) => frame(FrameType.PRIORITY, 0, id, Buffer.alloc(4)), 6],
  ] as const)('is answered with RST_STREAM for %s', async (_what, answer, errorCode) => {
    const { peer, transport } = await peerThat(answer);
    void transport.unary(getUserCall({ deadlineAt: soon() })).catch(() => undefined);
    await failureOf(transport.unary(getUserCall({ deadlineAt: soon() })));
    await transport.unary(getUserCall({ deadlineAt: soon() }));
    expect(resetsOf(peer.connections[0])).toEqual([[3, errorCode]]);
  });

  it.each([
    [
      'a trailing space in grpc-message',
      withTrailers(literal('grpc-status', '5'), literal('grpc-message', 'gone ')),
      'NOT_FOUND',
    ],
    ['te: trailers', withHeaders(GRPC, literal('te', 'trailers')), undefined],
    ['the right content-length', withHeaders(GRPC, literal('content-length', '11')), undefined],
    [
      'content-length: 0 of a status alone',
      (id: number) => trailers(id, GRPC, literal('content-length', '0'), literal('grpc-status', '5')),
      'NOT_FOUND',
    ],
    [
      'several 1xx before it',
      (id: number) =>
        Buffer.concat([
          headers(id, literal(':status', '103')),
          headers(id, literal(':status', '100')),
          withHeaders(GRPC)(id),
        ]),
      undefined,
    ],
    ['two fields of a name that may be repeated', withTrailers(OK, literal('x', 'a'), literal('x', 'b')), undefined],
    [
      'application/grpc with a subtype',
      withHeaders(STATUS_200, literal('content-type', 'application/grpc+proto')),
      undefined,
    ],
    [
      'application/grpc with a parameter',
      withHeaders(STATUS_200, literal('content-type', 'application/grpc; v=1')),
      undefined,
    ],
  ] as const)('is not one with %s', async (_what, answer, code) => {
    const { transport } = await peerThat(answer);
    void transport.unary(getUserCall({ deadlineAt: soon(300) })).catch(() => undefined);
    const call = transport.unary(getUserCall({ deadlineAt: soon() }));
    if (code === undefined) expect(await call).toEqual(Buffer.from('a user'));
    else expect((await failureOf(call)).error.code).toBe(code);
  });
});

describe('a stream that sends more than its window allows', () => {
  it('is reset with FLOW_CONTROL_ERROR, and the connection goes on', async () => {
    const reset = Promise.withResolvers<number>();
    const peer = await fixture.peer(({ type, streamId, payload }, connection) => {
      if (type === FrameType.RST_STREAM) reset.resolve(payload.readUInt32BE(0));
      if (type !== FrameType.DATA) return;
      if (streamId > 1) return connection.send(goodAnswer(streamId, Buffer.from('sound')));
      connection.send(headers(1, GRPC), data(1, message(Buffer.alloc(16_000), { length: 500_000 })));
      for (let n = 0; n < 4; n++) connection.send(data(1, Buffer.alloc(16_000)));
    });
    const transport = fixture.open(peer.target);
    const stream = transport.serverStream(getUserCall({ deadlineAt: soon() }));
    expect(await reset.promise).toBe(3);
    const { failure } = await failureOf(stream[Symbol.asyncIterator]().next());
    expect(failure).toMatchObject({ origin: 'transport', backendFault: true });
    expect(failure.details).toBe('Malformed response: DATA exceeds the flow-control window');
    expect(await transport.unary(getUserCall())).toEqual(Buffer.from('sound'));
    expect(peer.connections).toHaveLength(1);
  });
});

describe('an answer of something that does not speak gRPC', () => {
  it.each([
    ['application/grpc-web', '200'],
    ['application/grpc-web+proto', '200'],
    ['application/grpcfoo', '200'],
    ['application/json', '200'],
    ['application/grpc', '500'],
    ['application/grpc', '204'],
  ])('with the content type %s and :status %s is a fault', async (type, status) => {
    const { transport } = await peerThat(withHeaders(literal(':status', status), literal('content-type', type)));
    void transport.unary(getUserCall({ deadlineAt: soon(300) })).catch(() => undefined);
    const { error, failure } = await failureOf(transport.unary(getUserCall({ deadlineAt: soon() })));
    expect(error.code).toBe('UPSTREAM_ERROR');
    expect(failure).toMatchObject({ origin: 'transport', backendFault: true });
    expect(failure.details).toBe(`Received HTTP status code ${status}`);
  });
});

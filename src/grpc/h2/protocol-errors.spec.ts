import { afterEach, describe, expect, it } from 'vitest';
import { failureOf } from '../../../test/support/failure.js';
import { Http2Fixture, soon } from '../../../test/support/http2-fixture.js';
import {
  type ArrivedFrame,
  goodAnswer,
  GRPC_HEADER_BLOCK,
  literal,
  type RawPeer,
} from '../../../test/support/raw-http2.js';
import { getUserCall } from '../../../test/support/transport.js';
import { Flag, frame, FrameType, Setting, settingsFrame, uint32 } from './frames.js';
import { until } from '../../../test/support/until.js';

const NOTHING = Buffer.alloc(0);

const fixture = new Http2Fixture();
afterEach(() => fixture.close());

/** A peer that says something with the first call, and answers all others. */
async function peerThat(say: (streamId: number) => Uint8Array): Promise<RawPeer> {
  const peer = await fixture.peer(({ type, streamId }, connection) => {
    if (type !== FrameType.DATA) return;
    const isFirst = connection === peer.connections[0];
    connection.send(isFirst ? say(streamId) : goodAnswer(streamId, Buffer.from('sound')));
  });
  return peer;
}

type Row = readonly [section: string, details: string, say: (streamId: number) => Uint8Array, errorCode?: number];

const open = (id: number): Buffer => frame(FrameType.HEADERS, 0, id, GRPC_HEADER_BLOCK);

/** Each ends the connection, with the code after it; 1 is PROTOCOL_ERROR, 3 FLOW_CONTROL_ERROR, 6 FRAME_SIZE_ERROR. */
const CONNECTION_ERRORS: readonly Row[] = [
  ['4.2', 'frame of 16385 bytes exceeds MAX_FRAME_SIZE', (id) => frame(FrameType.DATA, 0, id, Buffer.alloc(16_385)), 6],
  ['4.3', 'HPACK: no entry has the index 62', (id) => frame(FrameType.HEADERS, 4, id, Buffer.of(0xbe)), 9],
  ['5.1', 'frame on the idle stream 99', () => frame(FrameType.RST_STREAM, 0, 99, uint32(8))],
  ['5.1.1', 'frame on the idle stream 2', () => frame(FrameType.HEADERS, 4, 2, GRPC_HEADER_BLOCK)],
  ['6.1', 'DATA on stream 0', () => frame(FrameType.DATA, 0, 0, NOTHING)],
  ['6.1', 'padding exceeds the payload', (id) => frame(FrameType.DATA, Flag.PADDED, id, Buffer.of(9, 1))],
  ['6.2', 'HEADERS on stream 0', () => frame(FrameType.HEADERS, 4, 0, GRPC_HEADER_BLOCK)],
  ['6.2', 'padding exceeds the payload', (id) => frame(FrameType.HEADERS, Flag.PADDED | 4, id, Buffer.of(9, 1))],
  [
    '6.2',
    'interleaved frame within a header block',
    (id) => Buffer.concat([open(id), frame(FrameType.PING, 0, 0, Buffer.alloc(8))]),
  ],
  ['6.3', 'PRIORITY on stream 0', () => frame(FrameType.PRIORITY, 0, 0, Buffer.alloc(5))],
  ['6.4', 'RST_STREAM on stream 0', () => frame(FrameType.RST_STREAM, 0, 0, uint32(8))],
  ['6.4', 'payload of frame type 3 is 3 bytes, not 4', (id) => frame(FrameType.RST_STREAM, 0, id, Buffer.alloc(3)), 6],
  ['6.5', 'SETTINGS on a stream other than 0', (id) => frame(FrameType.SETTINGS, 0, id, NOTHING)],
  ['6.5', 'SETTINGS payload is not a multiple of 6', () => frame(FrameType.SETTINGS, 0, 0, Buffer.alloc(5)), 6],
  ['6.5', 'payload of frame type 4 is 6 bytes', () => frame(FrameType.SETTINGS, Flag.ACK, 0, Buffer.alloc(6)), 6],
  ['6.5.2', 'ENABLE_PUSH of a server is 1', () => settingsFrame([[Setting.ENABLE_PUSH, 1]])],
  ['6.5.2', 'ENABLE_PUSH of a server is 2', () => settingsFrame([[Setting.ENABLE_PUSH, 2]])],
  ['6.5.2', 'INITIAL_WINDOW_SIZE is 2147483648', () => settingsFrame([[Setting.INITIAL_WINDOW_SIZE, 2 ** 31]]), 3],
  ['6.5.2', 'MAX_FRAME_SIZE is 16383', () => settingsFrame([[Setting.MAX_FRAME_SIZE, 16_383]])],
  ['6.5.2', 'MAX_FRAME_SIZE is 16777216', () => settingsFrame([[Setting.MAX_FRAME_SIZE, 2 ** 24]])],
  [
    '6.6',
    'PUSH_PROMISE received although ENABLE_PUSH is 0',
    (id) => frame(FrameType.PUSH_PROMISE, 4, id, Buffer.concat([uint32(2), GRPC_HEADER_BLOCK])),
  ],
  ['6.7', 'PING on a stream other than 0', (id) => frame(FrameType.PING, 0, id, Buffer.alloc(8))],
  ['6.7', 'payload of frame type 6 is 7 bytes, not 8', () => frame(FrameType.PING, 0, 0, Buffer.alloc(7)), 6],
  ['6.8', 'GOAWAY on a stream other than 0', (id) => frame(FrameType.GOAWAY, 0, id, Buffer.alloc(8))],
  ['6.8', 'GOAWAY payload is shorter than 8 bytes', () => frame(FrameType.GOAWAY, 0, 0, Buffer.alloc(7)), 6],
  ['6.9', 'WINDOW_UPDATE increment is 0', () => frame(FrameType.WINDOW_UPDATE, 0, 0, uint32(0))],
  ['6.9', 'payload of frame type 8 is 3 bytes, not 4', () => frame(FrameType.WINDOW_UPDATE, 0, 0, Buffer.alloc(3)), 6],
  ['6.9.1', 'window exceeds 2^31-1', () => frame(FrameType.WINDOW_UPDATE, 0, 0, uint32(2 ** 31 - 1)), 3],
  ['6.10', 'CONTINUATION without its HEADERS', (id) => frame(FrameType.CONTINUATION, 4, id, NOTHING)],
  [
    '6.10',
    'CONTINUATION without its HEADERS',
    (id) => Buffer.concat([open(id), frame(FrameType.CONTINUATION, 4, id + 2, NOTHING)]),
  ],
];

const goAwayCodes = (peer: RawPeer): number[] =>
  peer.connections[0]?.of(FrameType.GOAWAY).map(({ payload }: ArrivedFrame) => payload.readUInt32BE(4)) ?? [];

describe('a peer that breaks RFC 9113', () => {
  it.each(CONNECTION_ERRORS)('section %s by "%s" loses its connection, and the next is sound', async (...row) => {
    const [, details, say, errorCode = 1] = row as unknown as Row;
    const peer = await peerThat(say);
    const transport = fixture.open(peer.target);
    const { error, failure } = await failureOf(transport.unary(getUserCall({ deadlineAt: soon() })));
    expect(error.code).toBe('UPSTREAM_ERROR');
    expect(failure).toMatchObject({ grpcCode: 'INTERNAL', origin: 'transport', backendFault: true });
    expect(failure.details).toContain('Protocol error: ');
    expect(failure.details).toContain(details);
    await until(() => goAwayCodes(peer).length > 0);
    expect(goAwayCodes(peer)).toEqual([errorCode]);
    await until(() => transport.endpointCounts().ready === 1);
    expect(await transport.unary(getUserCall())).toEqual(Buffer.from('sound'));
  });

  it('from its first frame on is not connected to', async () => {
    const peer = await fixture.peer(() => undefined, frame(FrameType.PING, 0, 0, Buffer.alloc(8)));
    const { failure } = await failureOf(fixture.open(peer.target).unary(getUserCall()));
    expect(failure.details).toContain('first frame is not SETTINGS');
  });

  it('by a field that is only unusual is served', async () => {
    const answer = Buffer.concat([
      frame(0x0a, 0, 0, Buffer.from('ALTSVC')),
      settingsFrame([
        [Setting.ENABLE_PUSH, 0],
        [0xabcd, 7],
      ]),
    ]);
    const peer = await fixture.peer(({ type, streamId }, connection) => {
      if (type === FrameType.DATA) connection.send(answer, goodAnswer(streamId, Buffer.from('sound')));
    });
    expect(await fixture.open(peer.target).unary(getUserCall())).toEqual(Buffer.from('sound'));
  });
});

/** What one frame costs its peer nothing to send again and again. */
const FLOODS: readonly (readonly [what: string, flood: (streamId: number) => Uint8Array])[] = [
  ['empty DATA', (id) => frame(FrameType.DATA, 0, id, NOTHING)],
  ['DATA of padding alone', (id) => frame(FrameType.DATA, Flag.PADDED, id, Buffer.of(0))],
  ['empty DATA of a stream that is over', (id) => frame(FrameType.DATA, 0, id - 2, NOTHING)],
  ['HEADERS of a stream that is over', (id) => frame(FrameType.HEADERS, 4, id - 2, Buffer.of(0x88))],
  ['1xx', (id) => frame(FrameType.HEADERS, 4, id, literal(':status', '103'))],
  ['PING', () => frame(FrameType.PING, 0, 0, Buffer.alloc(8))],
  ['answers to PING', () => frame(FrameType.PING, Flag.ACK, 0, Buffer.alloc(8))],
  ['SETTINGS', () => settingsFrame([[Setting.INITIAL_WINDOW_SIZE, 65_535]])],
  ['acknowledged SETTINGS', () => frame(FrameType.SETTINGS, Flag.ACK, 0, NOTHING)],
  ['PRIORITY', (id) => frame(FrameType.PRIORITY, 0, id, Buffer.alloc(5))],
  ['WINDOW_UPDATE', (id) => frame(FrameType.WINDOW_UPDATE, 0, id, uint32(1))],
  ['WINDOW_UPDATE of the connection', () => frame(FrameType.WINDOW_UPDATE, 0, 0, uint32(1))],
  ['RST_STREAM of a stream that is over', (id) => frame(FrameType.RST_STREAM, 0, id - 2, uint32(8))],
  ['GOAWAY', (id) => frame(FrameType.GOAWAY, 0, 0, Buffer.concat([uint32(id), uint32(0)]))],
  ['an unknown type', () => frame(0x7f, 0, 0, NOTHING)],
  [
    'CONTINUATION',
    (id) =>
      Buffer.concat([
        frame(FrameType.HEADERS, 0, id, literal(':status', '103')),
        ...Array.from({ length: 50 }, () => frame(FrameType.CONTINUATION, 0, id, NOTHING)),
        frame(FrameType.CONTINUATION, 4, id, NOTHING),
      ]),
  ],
];

describe('frames that bring no call forward', () => {
  it.each(FLOODS)('of the kind %s have a budget', async (_what, flood) => {
    const peer = await fixture.peer(({ type, streamId }, connection) => {
      if (type !== FrameType.DATA || connection !== peer.connections[0]) return;
      if (streamId === 1) return connection.send(goodAnswer(streamId, Buffer.from('sound')));
      connection.send(Buffer.concat(Array<Uint8Array>(30_000).fill(flood(streamId))));
    });
    const transport = fixture.open(peer.target);
    await transport.unary(getUserCall());
    const { failure } = await failureOf(transport.unary(getUserCall({ deadlineAt: soon(20_000) })));
    expect(failure).toMatchObject({ origin: 'transport', backendFault: true });
    expect(failure.details).toBe('Protocol error: too many frames without progress');
    await until(() => peer.connections[0]?.socket.destroyed);
    // A peer that is still sending when its connection is closed may lose what it was told.
    expect([[], [11]]).toContainEqual(goAwayCodes(peer));
  });

  it('are allowed as long as calls go on beside them', async () => {
    const peer = await fixture.peer(({ type, streamId }, connection) => {
      if (type !== FrameType.DATA) return;
      const beside = FLOODS.slice(5, 12).flatMap(([what, make]) => (what.includes('SETTINGS') ? [] : [make(streamId)]));
      connection.send(...beside, goodAnswer(streamId, Buffer.from('sound')), ...beside);
    });
    const transport = fixture.open(peer.target);
    for (let n = 0; n < 3_000; n++) await transport.unary(getUserCall({ deadlineAt: soon() }));
    expect(peer.connections).toHaveLength(1);
  });
});

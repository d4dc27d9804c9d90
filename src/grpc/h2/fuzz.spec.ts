import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { goAwayFrame, goodAnswer, rawPeer } from '../../../test/support/raw-http2.js';
import { getUserCall, openHttp2, upstreamConfig } from '../../../test/support/transport.js';
import { GatewayError } from '../../domain/errors.js';
import { GrpcFailure } from '../grpc-failure.js';
import { ConnectionError, frame, FrameType, Setting, settingsFrame, uint32 } from './frames.js';
import { HpackDecoder } from './hpack-decoder.js';
import { FrameBudget } from './frame-budget.js';
import { type ConnectionFrameHandler, Inbound, type StreamFrameHandler } from './inbound.js';
import { RESPONSE_FIELDS } from '../client/response-fields.js';

import fc from 'fast-check';

/** All that a server may say, in an order that it may. */
function conversation(streamId: number): Buffer {
  return Buffer.concat([
    settingsFrame([
      [Setting.MAX_CONCURRENT_STREAMS, 100],
      [Setting.INITIAL_WINDOW_SIZE, 100_000],
    ]),
    frame(FrameType.PING, 0, 0, Buffer.alloc(8, 1)),
    frame(FrameType.WINDOW_UPDATE, 0, 0, uint32(1_000)),
    frame(FrameType.WINDOW_UPDATE, 0, streamId, uint32(1_000)),
    goodAnswer(streamId, Buffer.from('answer')),
    frame(FrameType.PRIORITY, 0, streamId, Buffer.alloc(5)),
    frame(FrameType.RST_STREAM, 0, streamId, uint32(8)),
    goAwayFrame(streamId),
  ]);
}

/** Bytes of a conversation of which some are others, missing, or there twice. */
const MUTATIONS = fc.array(
  fc.record({ at: fc.nat(250), kind: fc.constantFrom('set', 'cut', 'copy'), byte: fc.nat(255), length: fc.nat(12) }),
  { maxLength: 4 },
);

function mutate(
  bytes: Buffer,
  mutations: readonly { at: number; kind: string; byte: number; length: number }[],
): Buffer {
  let result = Buffer.from(bytes);
  for (const { at, kind, byte, length } of mutations) {
    const place = at % Math.max(result.length, 1);
    if (kind === 'set') result[place] = byte;
    const rest = kind === 'cut' ? place + length : Math.max(place - length, 0);
    if (kind !== 'set') result = Buffer.concat([result.subarray(0, place), result.subarray(rest)]);
  }
  return result;
}

/** Decodes header blocks as a connection does, and ignores the rest. */
function decoding(): ConnectionFrameHandler & StreamFrameHandler {
  const decoder = new HpackDecoder(RESPONSE_FIELDS);
  const nothing = (): void => undefined;
  return {
    onHeaders: ({ bytes, start, end }) => decoder.decode(bytes, start, end),
    onSettings: nothing,
    onPing: nothing,
    onGoAway: nothing,
    onWindow: nothing,
    onData: nothing,
    onReset: nothing,
    onStreamError: nothing,
  };
}

describe('bytes that no server should send', () => {
  it('are either read or refused as a violation, never anything else', () => {
    const blocks = fc.uint8Array({ maxLength: 80 }).map((payload) => frame(FrameType.HEADERS, 4, 1, payload));
    const frames = fc
      .tuple(fc.nat(11), fc.nat(255), fc.nat(3), fc.uint8Array({ maxLength: 30 }))
      .map(([type, flags, streamId, payload]) => frame(type, flags, streamId, payload));
    const mutated = MUTATIONS.map((mutations) => mutate(conversation(1), mutations));
    const piece = fc.oneof(blocks, frames, mutated, fc.uint8Array({ maxLength: 60 }));
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const handler = decoding();
        const inbound = new Inbound(handler, handler, new FrameBudget());
        try {
          for (const bytes of [settingsFrame([]), ...pieces]) inbound.read(Buffer.from(bytes), bytes.length);
        } catch (error) {
          expect(error).toBeInstanceOf(ConnectionError);
        }
      }),
      { numRuns: 3_000, seed: 1 },
    );
  });

  it('end every call with an answer or a failure, and the next connection is a sound one', async () => {
    const answers = fc.sample(fc.tuple(MUTATIONS, fc.boolean()), { numRuns: 1_000, seed: 2 });
    let isHostile = true;
    const peer = await rawPeer(({ type, streamId }, connection) => {
      if (type !== FrameType.DATA) return;
      const [mutations, hangsUp] = (isHostile ? answers.pop() : undefined) ?? [[], false];
      connection.send(mutate(conversation(streamId), mutations));
      if (hangsUp) connection.socket.end();
    });
    const transport = openHttp2(upstreamConfig(peer.target), { initialBackoffMs: 1, maxBackoffMs: 2 });
    const { signal } = new AbortController();
    const callFor = (ms: number) => getUserCall({ signal, deadlineAt: performance.now() + ms });
    const call = (ms: number) => transport.unary(callFor(ms));
    const read = async (ms: number): Promise<void> => {
      for await (const message of transport.serverStream(callFor(ms))) expect(message).toBeInstanceOf(Uint8Array);
    };
    while (answers.length > 0) {
      const outcomes = await Promise.allSettled([call(60), call(60), call(60), read(60), read(60)]);
      for (const outcome of outcomes) if (outcome.status === 'rejected') expectFailure(outcome.reason);
    }
    isHostile = false;
    await call(5_000).catch(() => undefined);
    expect(await call(5_000)).toEqual(Buffer.from('answer'));
    expect(getEventListeners(signal, 'abort')).toEqual([]);
    transport.close();
    await peer.close();
  });
});

function expectFailure(reason: unknown): void {
  expect(reason).toBeInstanceOf(GatewayError);
  expect((reason as GatewayError).cause).toBeInstanceOf(GrpcFailure);
}

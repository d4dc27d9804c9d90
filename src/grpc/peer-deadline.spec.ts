import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { failureOf } from '../../test/support/failure.js';
import { frame as message, type Http2Reply } from '../../test/support/http2-stub.js';
import { Http2Fixture } from '../../test/support/http2-fixture.js';
import {
  type ArrivedFrame,
  goAwayFrame,
  goodAnswer,
  GRPC_HEADER_BLOCK,
  literal,
  type RawConnection,
  resetAnswer,
} from '../../test/support/raw-http2.js';
import { getUserCall, type Open, TRANSPORTS, upstreamConfig } from '../../test/support/transport.js';
import type { TransportCall, UpstreamTransport } from './transport.js';
import { Flag, frame, FrameType } from './h2/frames.js';
import { untilPasses } from '../../test/support/until.js';

const END = Flag.END_HEADERS | Flag.END_STREAM;

type Send = (connection: RawConnection, streamId: number) => void;

/** A status, with headers before it or as the only header block. */
function status(code: number, headersFirst = false): Send {
  const field = literal('grpc-status', String(code));
  return (connection, id) => {
    if (!headersFirst)
      return connection.send(frame(FrameType.HEADERS, END, id, Buffer.concat([GRPC_HEADER_BLOCK, field])));
    connection.send(
      frame(FrameType.HEADERS, Flag.END_HEADERS, id, GRPC_HEADER_BLOCK),
      frame(FrameType.DATA, 0, id, message(Buffer.from('half'), { length: 100 })),
      frame(FrameType.HEADERS, END, id, field),
    );
  };
}

const reset =
  (code: number, progress: Parameters<typeof resetAnswer>[2]): Send =>
  (connection, id) =>
    connection.send(resetAnswer(id, code, progress));

/** Ends of servers and proxies that keep the deadline that they were told. */
const ENDS: readonly (readonly [what: string, send: Send])[] = [
  ['RST_STREAM CANCEL', reset(8, 'before headers')],
  ['RST_STREAM CANCEL after headers', reset(8, 'after headers')],
  ['RST_STREAM CANCEL in a message', reset(8, 'in a message')],
  ['RST_STREAM NO_ERROR', reset(0, 'before headers')],
  ['RST_STREAM INTERNAL_ERROR', reset(2, 'before headers')],
  ['RST_STREAM REFUSED_STREAM', reset(7, 'before headers')],
  ['CANCELLED', status(1)],
  ['CANCELLED after a part of the response', status(1, true)],
  ['DEADLINE_EXCEEDED', status(4)],
  ['DEADLINE_EXCEEDED after a part of the response', status(4, true)],
  ['UNKNOWN', status(2)],
  ['UNAVAILABLE, as Envoy has it', status(14)],
  ['GOAWAY before its stream', (connection) => connection.send(goAwayFrame(0))],
  ['GOAWAY INTERNAL_ERROR', ({ socket }) => socket.end(goAwayFrame(1, 2))],
  ['a closed connection', ({ socket }) => socket.end()],
  ['a reset connection', ({ socket }) => socket.resetAndDestroy()],
];
/** Those of them that can be told from a fault although the deadline is yet to come. */
const EARLY = ENDS.filter(([what]) => /CANCEL|NO_ERROR|DEADLINE/.test(what));

const fixture = new Http2Fixture();
beforeEach(() => {
  // The wheel stands still: whatever ends a call here comes from the peer.
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
});
afterEach(async () => {
  vi.useRealTimers();
  await fixture.close();
});

/** Timers may be early by a part of a millisecond. */
async function past(moment: number): Promise<void> {
  while (performance.now() <= moment) await wait(Math.max(moment - performance.now(), 1));
}

async function peerThat(
  open: Open,
  onCall: (connection: RawConnection, arrived: ArrivedFrame) => void,
): Promise<UpstreamTransport> {
  const peer = await fixture.peer((arrived, connection) => {
    if (arrived.type === FrameType.DATA) onCall(connection, arrived);
  });
  return opened(open, peer.target);
}

function opened(open: Open, target: string): UpstreamTransport {
  const transport = open(upstreamConfig(target));
  fixture.closing(() => transport.close());
  return transport;
}

function sendUnary(transport: UpstreamTransport, call: TransportCall): Promise<unknown> {
  return transport.unary(call);
}

async function readStream(transport: UpstreamTransport, call: TransportCall): Promise<void> {
  for await (const each of transport.serverStream(call)) expect(each).toBeInstanceOf(Uint8Array);
}

const RUNS = TRANSPORTS.flatMap(({ name, open }) => [
  { what: `unary call over ${name}`, open: open as Open, run: sendUnary },
  { what: `server stream over ${name}`, open: open as Open, run: readStream },
]);

describe.each(RUNS)('the deadline of a $what', ({ open, run }) => {
  it.each(ENDS)('is what ended it when its peer sends %s at the deadline', async (_what, send) => {
    const deadlineAt = performance.now() + 60;
    const transport = await peerThat(open, (connection, { streamId }) => {
      void past(deadlineAt).then(() => send(connection, streamId));
    });
    const { error, failure } = await failureOf(run(transport, getUserCall({ deadlineAt })));
    expect(error.code).toBe('UPSTREAM_TIMEOUT');
    expect(failure).toMatchObject({ grpcCode: 'DEADLINE_EXCEEDED', origin: 'local', connection: undefined });
    expect(failure.phrase).toBe('context deadline exceeded');
  });

  it.each(EARLY)('is what ended it when its peer sends %s a moment before', async (_what, send) => {
    const deadlineAt = performance.now() + 200;
    const transport = await peerThat(open, (connection, { streamId }) => {
      // Nothing else happens in this process until then.
      while (performance.now() < deadlineAt - 4) continue;
      send(connection, streamId);
    });
    const { error } = await failureOf(run(transport, getUserCall({ deadlineAt })));
    expect(error.code).toBe('UPSTREAM_TIMEOUT');
  });

  it.each([
    ['RST_STREAM CANCEL', reset(8, 'before headers'), 'UPSTREAM_ERROR'],
    ['RST_STREAM NO_ERROR', reset(0, 'before headers'), 'UPSTREAM_ERROR'],
    ['CANCELLED', status(1), 'UPSTREAM_ERROR'],
    ['a closed connection', ({ socket }: RawConnection) => socket.end(), 'UPSTREAM_UNAVAILABLE'],
  ] as const)('is not what ended it when its peer sends %s long before', async (_what, send, code) => {
    const transport = await peerThat(open, (connection, { streamId }) => send(connection, streamId));
    const { error, failure } = await failureOf(run(transport, getUserCall({ deadlineAt: performance.now() + 60_000 })));
    expect(error.code).toBe(code);
    expect(failure).toMatchObject({ origin: expect.stringMatching(/app|transport/) as string, backendFault: true });
  });

  it('does not hide an answer that speaks for the backend', async () => {
    const deadlineAt = performance.now() + 60;
    const transport = await peerThat(open, (connection, { streamId }) => {
      void past(deadlineAt).then(() => status(5)(connection, streamId));
    });
    expect((await failureOf(run(transport, getUserCall({ deadlineAt })))).error.code).toBe('NOT_FOUND');
  });
});

describe.each(TRANSPORTS)('a standstill of the gateway over $name', ({ open }) => {
  beforeEach(() => void vi.useRealTimers());

  function standStillUntil(moment: number): void {
    while (performance.now() < moment) continue;
  }

  it('does not outdate an answer that came meanwhile', async () => {
    const deadlineAt = performance.now() + 300;
    const transport = await peerThat(open, (connection, { streamId }) => {
      connection.send(goodAnswer(streamId, Buffer.from('in time')));
      standStillUntil(deadlineAt + 50);
    });
    expect(await transport.unary(getUserCall({ deadlineAt }))).toEqual(Buffer.from('in time'));
  });

  it('that takes most of the time of a call is not the fault of its backend', async () => {
    const deadlineAt = performance.now() + 300;
    const transport = await peerThat(open, () => standStillUntil(deadlineAt + 50));
    const { error, failure } = await failureOf(transport.unary(getUserCall({ deadlineAt })));
    expect(error.code).toBe('UPSTREAM_TIMEOUT');
    expect(failure).toMatchObject({ origin: 'local', backendFault: false });
  });
});

describe.each(TRANSPORTS)('a call over $name that waits for room until its deadline', ({ name, open }) => {
  it('is sent after it by grpc-js alone, and cancelled there', async () => {
    let calls = 0;
    const reply: Http2Reply = (stream) => {
      calls += 1;
      setTimeout(() => stream.close(8), 150);
    };
    const stub = await fixture.stub(reply, { maxConcurrentStreams: 1 });
    const transport = opened(open, stub.target);
    const first = failureOf(transport.unary(getUserCall({ deadlineAt: performance.now() + 5_000 })));
    const second = failureOf(transport.unary(getUserCall({ deadlineAt: performance.now() + 50 })));
    expect((await first).error.code).toBe('UPSTREAM_ERROR');
    expect((await second).error.code).toBe('UPSTREAM_TIMEOUT');
    // node:http2 keeps what waits for a free stream, and opens it although it was cancelled.
    if (name === 'grpc-js') await untilPasses(() => expect(calls).toBe(2));
    else expect(calls).toBe(1);
  });
});

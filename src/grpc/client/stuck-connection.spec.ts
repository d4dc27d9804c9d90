import { afterEach, describe, expect, it } from 'vitest';
import { failureOf } from '../../../test/support/failure.js';
import { Http2Fixture, soon } from '../../../test/support/http2-fixture.js';
import { type ArrivedFrame, goodAnswer, type RawConnection, type RawPeer } from '../../../test/support/raw-http2.js';
import { getUserCall, UNOBSERVED } from '../../../test/support/transport.js';
import { Flag, frame, FrameType, Setting, settingsFrame, uint32 } from '../h2/frames.js';
import type { Http2Transport } from './http2-transport.js';
import { until } from '../../../test/support/until.js';

const fixture = new Http2Fixture();
afterEach(() => fixture.close());

/** Answers calls and pings. */
function soundly({ type, flags, streamId, payload }: ArrivedFrame, connection: RawConnection): void {
  if (type === FrameType.DATA && flags & Flag.END_STREAM) connection.send(goodAnswer(streamId, Buffer.from('sound')));
  if (type === FrameType.PING && (flags & Flag.ACK) === 0) connection.send(frame(FrameType.PING, Flag.ACK, 0, payload));
}

/** Answers pings alone. */
function onlyPings(arrived: ArrivedFrame, connection: RawConnection): void {
  if (arrived.type === FrameType.PING) soundly(arrived, connection);
}

type OnFrame = (arrived: ArrivedFrame, connection: RawConnection) => void;

/** Whether the client has acknowledged the settings of its peer: from then on it sends its calls there. */
function isReady(connection: RawConnection | undefined): boolean {
  return connection?.of(FrameType.SETTINGS).some(({ flags }) => flags & Flag.ACK) === true;
}

/** A peer of one address whose first connections are stuck, and the others sound. */
async function stuckPeer(greeting: Uint8Array, whileStuck: OnFrame, stuck = 1): Promise<RawPeer> {
  const peer = await fixture.peer((arrived, connection) => {
    const isStuck = peer.connections.indexOf(connection) < stuck;
    if (isStuck) return whileStuck(arrived, connection);
    if (arrived.type === FrameType.SETTINGS && (arrived.flags & Flag.ACK) === 0) connection.send(ROOM);
    soundly(arrived, connection);
  }, greeting);
  return peer;
}

/** What a sound connection says after a greeting that allowed nothing. */
const ROOM = settingsFrame([
  [Setting.INITIAL_WINDOW_SIZE, 65_535],
  [Setting.MAX_CONCURRENT_STREAMS, 100],
]);

type Row = readonly [what: string, reason: string, greeting: Uint8Array, whileStuck: OnFrame];

const STUCK: readonly Row[] = [
  ['opens no window for streams', 'stuck', settingsFrame([[Setting.INITIAL_WINDOW_SIZE, 0]]), onlyPings],
  [
    'opens no window for streams, and keeps deadlines',
    'stuck',
    settingsFrame([[Setting.INITIAL_WINDOW_SIZE, 0]]),
    (arrived, connection) => {
      onlyPings(arrived, connection);
      const { type, streamId } = arrived;
      const reset = (): void => connection.send(frame(FrameType.RST_STREAM, 0, streamId, uint32(8)));
      if (type === FrameType.HEADERS) setTimeout(reset, 400);
    },
  ],
  ['allows no streams', 'stuck', settingsFrame([[Setting.MAX_CONCURRENT_STREAMS, 0]]), onlyPings],
  ['takes calls and never answers them', 'faults', settingsFrame([]), onlyPings],
  ['says nothing at all any more', 'silent', settingsFrame([]), () => undefined],
];

async function failuresUntilSuccess(transport: Http2Transport, hasClientDeadline: boolean): Promise<number> {
  for (let failures = 0; failures < 30; failures++) {
    const call = getUserCall({ deadlineAt: performance.now() + 400, hasClientDeadline });
    const isServed = await transport.unary(call).then(
      () => true,
      () => false,
    );
    if (isServed) return failures;
  }
  return Infinity;
}

describe('a connection to the only address of an upstream', () => {
  it.each(STUCK)('that %s is replaced after a few calls', async (_what, reason, greeting, whileStuck) => {
    const peer = await stuckPeer(greeting, whileStuck);
    const reasons: string[] = [];
    const observer = { ...UNOBSERVED, replaced: (_address: string, why: string) => void reasons.push(why) };
    const transport = fixture.open(peer.target, { keepaliveTimeoutMs: 60_000 }, observer);
    expect(await failuresUntilSuccess(transport, false)).toBeLessThanOrEqual(6);
    expect(peer.connections).toHaveLength(2);
    expect(reasons).toEqual([reason]);
    const calls = Array.from({ length: 20 }, () => transport.unary(getUserCall({ deadlineAt: soon() })));
    expect(new Set((await Promise.all(calls)).map(String))).toHaveLength(1);
  });

  it.each(STUCK.filter(([what]) => !what.includes('never answers')))(
    'that %s is replaced although all clients hurry',
    async (_what, _reason, greeting, whileStuck) => {
      const peer = await stuckPeer(greeting, whileStuck);
      const transport = fixture.open(peer.target, { keepaliveTimeoutMs: 60_000 });
      expect(await failuresUntilSuccess(transport, true)).toBeLessThanOrEqual(6);
    },
  );

  it('is replaced again while the next one is stuck, too', async () => {
    const peer = await stuckPeer(settingsFrame([[Setting.MAX_CONCURRENT_STREAMS, 0]]), onlyPings, 3);
    const transport = fixture.open(peer.target);
    expect(await failuresUntilSuccess(transport, false)).toBeLessThan(30);
    expect(peer.connections).toHaveLength(4);
  });

  it('stays until another is made: what is in flight on it ends there', async () => {
    const held = Promise.withResolvers<() => void>();
    const peer = await stuckPeer(settingsFrame([]), (arrived, connection) => {
      onlyPings(arrived, connection);
      const answer = (): void => connection.send(goodAnswer(1, Buffer.from('late')));
      if (arrived.type === FrameType.DATA && arrived.streamId === 1) held.resolve(answer);
    });
    const transport = fixture.open(peer.target);
    const late = transport.unary(getUserCall({ deadlineAt: soon(20_000) }));
    const release = await held.promise;
    await failuresUntilSuccess(transport, false);
    release();
    expect(await late).toEqual(Buffer.from('late'));
  });

  it('is not replaced because a slow service answers nobody in a hurry', async () => {
    const peer = await fixture.peer((arrived, connection) => {
      onlyPings(arrived, connection);
      if (arrived.type === FrameType.DATA) setTimeout(() => soundly(arrived, connection), 300);
    });
    const transport = fixture.open(peer.target);
    for (let round = 0; round < 20; round++) {
      const hurried = () =>
        transport.unary(getUserCall({ deadlineAt: performance.now() + 50, hasClientDeadline: true }));
      await Promise.all(Array.from({ length: 10 }, () => failureOf(hurried())));
    }
    expect(await transport.unary(getUserCall({ deadlineAt: soon() }))).toEqual(Buffer.from('sound'));
    expect(peer.connections).toHaveLength(1);
    const pings = peer.connections[0]?.of(FrameType.PING).filter(({ flags }) => (flags & Flag.ACK) === 0);
    expect(pings?.length).toBeLessThanOrEqual(2);
  });
});

describe('a connection that is swallowed in silence', () => {
  it('is pinged with the first deadline, replaced soon, and given up', async () => {
    const peer = await stuckPeer(settingsFrame([]), () => undefined);
    const transport = fixture.open(peer.target, { keepaliveTimeMs: 60_000, keepaliveTimeoutMs: 1_500 });
    const { error } = await failureOf(transport.unary(getUserCall({ deadlineAt: soon(100) })));
    expect(error.code).toBe('UPSTREAM_TIMEOUT');
    const lost = failureOf(transport.unary(getUserCall({ deadlineAt: soon(20_000) })));
    await until(() => isReady(peer.connections[1]));
    expect(await transport.unary(getUserCall({ deadlineAt: soon() }))).toEqual(Buffer.from('sound'));
    expect(peer.connections[0]?.of(FrameType.PING)).toHaveLength(1);
    expect((await lost).failure).toMatchObject({ connection: 'reset', grpcCode: 'UNAVAILABLE' });
  });

  it('is noticed as well when its clients leave before the deadline', async () => {
    const peer = await stuckPeer(settingsFrame([]), () => undefined);
    const transport = fixture.open(peer.target, { keepaliveTimeMs: 60_000, keepaliveTimeoutMs: 60_000 });
    await failureOf(transport.unary(getUserCall({ deadlineAt: soon(20_000), signal: AbortSignal.timeout(1_100) })));
    await until(() => isReady(peer.connections[1]));
    expect(await transport.unary(getUserCall({ deadlineAt: soon() }))).toEqual(Buffer.from('sound'));
  });
});

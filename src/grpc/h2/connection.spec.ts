import { afterEach, describe, expect, it } from 'vitest';
import { failureOf } from '../../../test/support/failure.js';
import { answer, frame as message } from '../../../test/support/http2-stub.js';
import { Http2Fixture, soon } from '../../../test/support/http2-fixture.js';
import { goAwayFrame, goodAnswer } from '../../../test/support/raw-http2.js';
import { getUserCall } from '../../../test/support/transport.js';
import { Flag, frame, FrameType, settingsFrame } from './frames.js';

const OK = { 'grpc-status': '0' };

const fixture = new Http2Fixture();
afterEach(() => fixture.close());

describe('a connection that the backend ends', () => {
  it('fails no call when it does so under load with NO_ERROR', async () => {
    let calls = 0;
    const stub = await fixture.stub((stream, headers) => {
      calls += 1;
      if (calls % 100 === 0) stream.session?.close();
      answer(message(Buffer.from('x')), OK)(stream, headers);
    });
    const transport = fixture.open(stub.target);
    const worker = async (): Promise<void> => {
      for (let n = 0; n < 100; n++) await transport.unary(getUserCall({ deadlineAt: soon() }));
    };
    await Promise.all(Array.from({ length: 20 }, worker));
    expect(calls).toBe(2_000);
    expect(stub.sessions.length).toBeGreaterThan(2);
  });

  it('gives the calls that it did not touch to the next, once', async () => {
    const peer = await fixture.peer((arrived, connection) => {
      if (arrived.type !== FrameType.DATA) return;
      const isFirst = connection === peer.connections[0];
      connection.send(isFirst ? goAwayFrame(0) : goodAnswer(arrived.streamId, Buffer.from('second')));
    });
    const transport = fixture.open(peer.target);
    expect(await transport.unary(getUserCall())).toEqual(Buffer.from('second'));
    expect(peer.connections).toHaveLength(2);
  });

  it('does not try for ever', async () => {
    const peer = await fixture.peer((arrived, connection) => {
      if (arrived.type === FrameType.DATA) connection.send(goAwayFrame(0));
    });
    const { error, failure } = await failureOf(fixture.open(peer.target).unary(getUserCall({ deadlineAt: soon() })));
    expect(error.code).toBe('UPSTREAM_UNAVAILABLE');
    expect(failure).toMatchObject({ connection: 'goaway', retryableUncommitted: true });
  });

  it('does not give a call to the next that may have been served', async () => {
    const peer = await fixture.peer((arrived, connection) => {
      if (arrived.type === FrameType.DATA) connection.socket.destroy();
    });
    const { failure } = await failureOf(fixture.open(peer.target).unary(getUserCall()));
    expect(failure).toMatchObject({ grpcCode: 'UNAVAILABLE', connection: 'reset' });
    expect(peer.connections.flatMap((each) => each.of(FrameType.HEADERS))).toHaveLength(1);
  });

  it('is answered, pinged and told of our settings as the protocol wants', async () => {
    const peer = await fixture.peer((arrived, connection) => {
      if (arrived.type === FrameType.DATA) connection.send(frame(FrameType.PING, 0, 0, Buffer.from('12345678')));
      if (arrived.type === FrameType.PING) connection.send(goodAnswer(1, Buffer.from('x')));
    });
    const transport = fixture.open(peer.target);
    await transport.unary(getUserCall());
    const [connection] = peer.connections;
    expect(connection?.of(FrameType.PING)).toMatchObject([{ flags: Flag.ACK, payload: Buffer.from('12345678') }]);
    expect(connection?.of(FrameType.SETTINGS).map(({ flags }) => flags)).toEqual([0, Flag.ACK]);
    const gone = new Promise((resolve) => connection?.socket.once('end', resolve));
    transport.close();
    await gone;
    expect(connection?.of(FrameType.GOAWAY)).toHaveLength(1);
  });

  it('is closed with the last call after the transport is', async () => {
    const stub = await fixture.stub();
    const transport = fixture.open(stub.target);
    const arrived = new Promise<void>((resolve) => {
      stub.reply = (stream, headers) => {
        resolve();
        setImmediate(() => answer(message(Buffer.from('x')), OK)(stream, headers));
      };
    });
    const call = transport.unary(getUserCall());
    await arrived;
    const [session] = stub.sessions;
    const ended = new Promise((resolve) => session?.once('close', resolve));
    transport.close();
    expect(await call).toEqual(Buffer.from('x'));
    await ended;
  });

  it('is waited for no longer than each call says', async () => {
    const greeted = Promise.withResolvers<() => void>();
    const peer = await fixture.peer(({ type, streamId }, connection) => {
      if (type === FrameType.SETTINGS) greeted.resolve(() => connection.send(settingsFrame([])));
      if (type === FrameType.DATA) connection.send(goodAnswer(streamId, Buffer.from('x')));
    }, Buffer.alloc(0));
    const transport = fixture.open(peer.target);
    const [first, second, given] = [{ connectMs: 0 }, { connectMs: 0 }, { connectMs: 0 }];
    const startedAt = performance.now();
    await failureOf(transport.unary(getUserCall({ wait: given, deadlineAt: soon(60) })));
    expect(given.connectMs).toBeGreaterThanOrEqual(60);
    const call = transport.unary(getUserCall({ wait: first, deadlineAt: soon() }));
    const greet = await greeted.promise;
    await new Promise((resolve) => setTimeout(resolve, 100));
    greet();
    await call;
    const tookMs = performance.now() - startedAt;
    await transport.unary(getUserCall({ wait: second, deadlineAt: soon() }));
    expect(first.connectMs).toBeGreaterThan(99);
    expect(first.connectMs).toBeLessThan(tookMs);
    expect(second.connectMs).toBeGreaterThan(0);
    expect(second.connectMs).toBeLessThan(first.connectMs);
  });
});

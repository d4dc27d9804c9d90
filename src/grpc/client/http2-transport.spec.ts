import { afterEach, describe, expect, it } from 'vitest';
import { failureOf } from '../../../test/support/failure.js';
import { grpcBackend } from '../../../test/support/grpc-backend.js';
import { answer, frame as message } from '../../../test/support/http2-stub.js';
import { Http2Fixture, soon } from '../../../test/support/http2-fixture.js';
import { goodAnswer } from '../../../test/support/raw-http2.js';
import { getUserCall } from '../../../test/support/transport.js';
import { Flag, frame, FrameType, Setting, settingsFrame, uint32 } from '../h2/frames.js';

const PATH = '/user.v1.UserService/GetUser';
const OK = { 'grpc-status': '0' };
const MiB = 1_048_576;

const fixture = new Http2Fixture();
afterEach(() => fixture.close());

async function echoing(): Promise<string> {
  const backend = await grpcBackend({ unary: { [PATH]: (call) => call.request } });
  fixture.closing(() => backend.close());
  return backend.target;
}

describe('a call over the own transport', () => {
  it('carries 3 MiB each way through windows of 64 KiB', async () => {
    const transport = fixture.open(await echoing(), { maxSendBytes: 4 * MiB, maxReceiveBytes: 4 * MiB });
    const request = Buffer.alloc(3 * MiB, 'large');
    const call = getUserCall({ request, deadlineAt: soon() });
    const responses = await Promise.all([transport.unary(call), transport.unary(call), transport.unary(getUserCall())]);
    expect(responses.map((response) => Buffer.compare(response, request))).toEqual([0, 0, expect.any(Number)]);
    expect(responses[2]).toEqual(Buffer.from('request'));
  });

  it('is one of a thousand at a time, each with its own answer', async () => {
    const transport = fixture.open(await echoing());
    const requests = Array.from({ length: 1_000 }, (_, n) => Buffer.from(`call ${n}`));
    const calls = requests.map((request) => transport.unary(getUserCall({ request, deadlineAt: soon() })));
    expect(await Promise.all(calls)).toEqual(requests);
  });

  it('waits for its turn where the backend takes one call at a time', async () => {
    let open = 0;
    let most = 0;
    const stub = await fixture.stub(
      (stream, headers) => {
        most = Math.max(most, ++open);
        stream.on('close', () => (open -= 1));
        answer(message(Buffer.from('x')), OK)(stream, headers);
      },
      { maxConcurrentStreams: 1 },
    );
    const transport = fixture.open(stub.target);
    await Promise.all(Array.from({ length: 50 }, () => transport.unary(getUserCall({ deadlineAt: soon() }))));
    expect({ most, calls: stub.calls.length }).toEqual({ most: 1, calls: 50 });
  });

  it('waits no longer than its deadline, and then frees nobody else', async () => {
    const stub = await fixture.stub(undefined, { maxConcurrentStreams: 1 });
    const transport = fixture.open(stub.target);
    const first = failureOf(transport.unary(getUserCall({ deadlineAt: soon(400) })));
    const second = await failureOf(transport.unary(getUserCall({ deadlineAt: soon(100) })));
    expect(second.error.code).toBe('UPSTREAM_TIMEOUT');
    expect(second.failure.details).toBe('Deadline exceeded waiting for a free stream');
    expect((await first).failure.details).toBe('Deadline exceeded waiting for the response');
    expect(stub.calls).toHaveLength(1);
  });

  it('that cannot be written ends its connection, so that no other is taken for it', async () => {
    const stub = await fixture.stub(answer(message(Buffer.from('x')), OK));
    const transport = fixture.open(stub.target);
    const metadata = { 'x-gateway-subject': 'alice', traceparent: 7 as unknown as string };
    expect((await failureOf(transport.unary(getUserCall({ metadata })))).error.code).toBe('UPSTREAM_UNAVAILABLE');
    await transport.unary(getUserCall({ metadata: { 'x-gateway-subject': 'bob' } }));
    expect(stub.calls.map((headers) => headers['x-gateway-subject'])).toEqual(['bob']);
    expect(stub.sessions).toHaveLength(2);
  });

  it('is not sent when its time is over', async () => {
    const stub = await fixture.stub();
    const { error, failure } = await failureOf(fixture.open(stub.target).unary(getUserCall({ deadlineAt: soon(-1) })));
    expect(error.code).toBe('UPSTREAM_TIMEOUT');
    expect(failure).toMatchObject({ origin: 'local', backendFault: false });
    expect(stub.calls).toEqual([]);
  });

  it('sends a header list that is longer than a frame', async () => {
    const stub = await fixture.stub(answer(message(Buffer.from('x')), OK));
    const subject = 'a'.repeat(40_000);
    await fixture
      .open(stub.target)
      .unary(getUserCall({ metadata: { 'x-gateway-subject': subject, 'x-request-id': 'r' } }));
    expect(stub.calls[0]).toMatchObject({ 'x-gateway-subject': subject, 'x-request-id': 'r' });
  });

  it.each([0, 64, 4_096, 65_536])('is understood by a backend whose header table has %i bytes', async (size) => {
    const stub = await fixture.stub(answer(message(Buffer.from('x')), OK), { headerTableSize: size });
    const transport = fixture.open(stub.target);
    for (let n = 0; n < 60; n++) {
      const metadata = { 'x-gateway-subject': `${'x'.repeat(n)}-user ${n % 25}`, 'x-request-id': `request ${n}` };
      await transport.unary(getUserCall({ metadata }));
      expect(stub.calls.at(-1)).toMatchObject({ ...metadata, ':path': PATH, te: 'trailers' });
    }
  });

  it('is refused by a backend that says nothing in grpc-status, message or not', async () => {
    const stub = await fixture.stub(answer(message(Buffer.from('x')), { 'grpc-status': '' }));
    const { error, failure } = await failureOf(fixture.open(stub.target).unary(getUserCall()));
    expect(error.code).toBe('UPSTREAM_ERROR');
    expect(failure).toMatchObject({ grpcCode: 'UNKNOWN', origin: 'transport', details: 'Received grpc-status ""' });
  });

  it('passes over informational headers', async () => {
    const stub = await fixture.stub((stream, headers) => {
      stream.additionalHeaders({ ':status': 103 });
      answer(message(Buffer.from('x')), OK)(stream, headers);
    });
    expect(await fixture.open(stub.target).unary(getUserCall())).toEqual(Buffer.from('x'));
  });

  it('takes an answer to a request that the backend did not want to read', async () => {
    const peer = await fixture.peer((arrived, connection) => {
      if (arrived.type === FrameType.HEADERS) connection.send(goodAnswer(arrived.streamId, Buffer.from('enough')));
    });
    const transport = fixture.open(peer.target, { maxSendBytes: MiB });
    const call = getUserCall({ request: Buffer.alloc(MiB), deadlineAt: soon() });
    expect(await transport.unary(call)).toEqual(Buffer.from('enough'));
    expect(await transport.unary(getUserCall())).toEqual(Buffer.from('enough'));
    expect(peer.connections[0]?.of(FrameType.RST_STREAM).map(({ streamId }) => streamId)).toEqual([1]);
  });

  it('sends not a byte more than the windows allow, and the rest when they are widened', async () => {
    let received = 0;
    let receivedWhileShut = -1;
    const peer = await fixture.peer((arrived, connection) => {
      if (arrived.type === FrameType.DATA) received += arrived.payload.length;
      if (arrived.type === FrameType.DATA && received === 16_384) {
        connection.send(settingsFrame([[Setting.INITIAL_WINDOW_SIZE, 0]]));
      }
      if (received === 65_535 && receivedWhileShut < 0) {
        receivedWhileShut = 0;
        connection.send(frame(FrameType.PING, 0, 0, Buffer.alloc(8)));
      }
      if (arrived.type === FrameType.PING) {
        receivedWhileShut = received;
        connection.send(settingsFrame([[Setting.INITIAL_WINDOW_SIZE, 2 * MiB]]));
        connection.send(frame(FrameType.WINDOW_UPDATE, 0, 0, uint32(MiB)));
      }
      const isWhole = arrived.type === FrameType.DATA && (arrived.flags & Flag.END_STREAM) !== 0;
      if (isWhole) connection.send(goodAnswer(arrived.streamId, Buffer.from(String(received))));
    });
    const transport = fixture.open(peer.target, { maxSendBytes: MiB });
    const call = getUserCall({ request: Buffer.alloc(MiB - 5), deadlineAt: soon() });
    expect(Buffer.from(await transport.unary(call)).toString()).toBe(String(MiB));
    expect(receivedWhileShut).toBe(65_535);
  });

  it('takes more over a connection than its first window holds', async () => {
    const large = Buffer.alloc(3 * MiB);
    const stub = await fixture.stub(answer(message(large), OK));
    const transport = fixture.open(stub.target, { maxReceiveBytes: 4 * MiB });
    for (let n = 0; n < 7; n++)
      expect(await transport.unary(getUserCall({ deadlineAt: soon() }))).toHaveLength(3 * MiB);
    expect(stub.sessions).toHaveLength(1);
  });
});

describe('a backend that does not keep up', () => {
  it('is given no more than it reads, and serves again when it does', async () => {
    const wide = Buffer.concat([
      settingsFrame([[Setting.INITIAL_WINDOW_SIZE, 64 * MiB]]),
      frame(FrameType.WINDOW_UPDATE, 0, 0, uint32(512 * MiB)),
    ]);
    let isFull = false;
    const peer = await fixture.peer((arrived, connection) => {
      if (!isFull) connection.socket.pause();
      isFull = true;
      const isWhole = arrived.type === FrameType.DATA && (arrived.flags & Flag.END_STREAM) !== 0;
      if (isWhole) connection.send(goodAnswer(arrived.streamId, Buffer.from('read')));
    }, wide);
    const transport = fixture.open(peer.target, { maxSendBytes: 4 * MiB });
    const request = Buffer.alloc(4 * MiB);
    const hurried = () => getUserCall({ request, deadlineAt: soon(200), hasClientDeadline: true });
    const calls = Array.from({ length: 20 }, () => transport.unary(hurried()));
    const outcomes = await Promise.all(calls.map((call) => failureOf(call)));
    expect(new Set(outcomes.map(({ error }) => error.code))).toEqual(new Set(['UPSTREAM_TIMEOUT']));
    peer.connections[0]?.socket.resume();
    expect(await transport.unary(getUserCall({ request, deadlineAt: soon() }))).toEqual(Buffer.from('read'));
    expect(peer.connections).toHaveLength(1);
  });

  it('makes 4,096 calls wait for a connection, and the next fail at once', async () => {
    const peer = await fixture.peer(() => undefined, Buffer.alloc(0));
    const transport = fixture.open(peer.target);
    const call = () => transport.unary(getUserCall({ deadlineAt: soon(60_000) }));
    const waiting = Array.from({ length: 4_096 }, () => failureOf(call()));
    const { error, failure } = await failureOf(call());
    expect(error.code).toBe('UPSTREAM_UNAVAILABLE');
    expect(failure).toMatchObject({ origin: 'local', backendFault: false, retryableUncommitted: false });
    transport.close();
    for (const { failure: each } of await Promise.all(waiting)) expect(each.origin).toBe('local');
  });
});

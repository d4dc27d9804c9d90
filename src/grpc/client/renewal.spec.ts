import { once } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import { answer, frame, GRPC_HEADERS, type Http2Reply } from '../../../test/support/http2-stub.js';
import { Http2Fixture, soon } from '../../../test/support/http2-fixture.js';
import { getUserCall } from '../../../test/support/transport.js';
import type { Http2Transport } from './http2-transport.js';
import { until } from '../../../test/support/until.js';

const ANSWER = answer(frame(Buffer.from('x')), { 'grpc-status': '0' });
const PATH = getUserCall().method.path;
const STREAM = {
  upstream: 'ai',
  service: 'ai.v1.AIService',
  name: 'StreamQuery',
  path: '/ai.v1.AIService/StreamQuery',
};

/** Answers calls, and begins streams that it never ends. */
const CALLS_AND_STREAMS: Http2Reply = (stream, headers) => {
  if (headers[':path'] === PATH) return ANSWER(stream, headers);
  stream.respond(GRPC_HEADERS);
  stream.write(frame(Buffer.from('first')));
};

const fixture = new Http2Fixture();
afterEach(() => fixture.close());

/** Opens a stream, and leaves it at its first message. */
async function leave(transport: Http2Transport): Promise<void> {
  const stream = transport.serverStream(getUserCall({ method: STREAM, deadlineAt: soon() }));
  for await (const message of stream) {
    expect(message).toEqual(Buffer.from('first'));
    return;
  }
}

describe('a connection that is old', () => {
  it('gives way to another without a failed call, and ends with its last one', async () => {
    const stub = await fixture.stub(CALLS_AND_STREAMS);
    const transport = fixture.open(stub.target, { connectionMaxAgeMs: 40 });
    const stream = transport.serverStream(getUserCall({ method: STREAM, deadlineAt: soon() }));
    const iterator = stream[Symbol.asyncIterator]();
    await iterator.next();
    while (stub.sessions.length < 4) await transport.unary(getUserCall());
    const [first, second] = stub.sessions;
    await until(() => second?.closed);
    expect(first?.closed).toBe(false);
    stream.cancel();
    await until(() => first?.closed);
  });

  it('stays while no other can be made', async () => {
    const stub = await fixture.stub(ANSWER);
    const transport = fixture.open(stub.target, { connectionMaxAgeMs: 10, initialBackoffMs: 1, maxBackoffMs: 2 });
    await transport.unary(getUserCall());
    const attempts = stub.refuse();
    await until(() => attempts() > 2);
    expect(await transport.unary(getUserCall())).toEqual(Buffer.from('x'));
  });
});

describe('a connection of which many calls were given up', () => {
  it('is replaced before its backend minds', async () => {
    const stub = await fixture.stub(CALLS_AND_STREAMS);
    const transport = fixture.open(stub.target, { initialBackoffMs: 1 });
    const stream = transport.serverStream(getUserCall({ method: STREAM, deadlineAt: soon(30_000) }));
    const bystander = stream[Symbol.asyncIterator]();
    await bystander.next();
    for (let round = 0; round < 25; round++) {
      await Promise.all(Array.from({ length: 100 }, () => leave(transport)));
      expect(await transport.unary(getUserCall())).toEqual(Buffer.from('x'));
    }
    const over = bystander.next();
    stream.cancel();
    expect(await over).toEqual({ done: true, value: undefined });
    expect(stub.sessions.length).toBeGreaterThan(4);
  });
});

describe('an address', () => {
  it('has as many connections as are wanted, which take calls in turn', async () => {
    const stub = await fixture.stub(ANSWER);
    const transport = fixture.open(stub.target, { connectionsPerAddress: 3 });
    await until(() => transport.endpointCounts().ready === 3);
    const seen = stub.sessions.map((session) => once(session, 'stream'));
    for (let n = 0; n < 3; n++) await transport.unary(getUserCall());
    await Promise.all(seen);
    expect(stub.calls).toHaveLength(3);
  });
});

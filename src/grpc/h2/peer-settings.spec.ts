import { once } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import { failureOf } from '../../../test/support/failure.js';
import { answer, frame as message } from '../../../test/support/http2-stub.js';
import { Http2Fixture, soon } from '../../../test/support/http2-fixture.js';
import { goodAnswer } from '../../../test/support/raw-http2.js';
import { getUserCall } from '../../../test/support/transport.js';
import { FrameType, Setting, settingsFrame } from './frames.js';

const ANSWER = answer(message(Buffer.from('x')), { 'grpc-status': '0' });

const fixture = new Http2Fixture();
afterEach(() => fixture.close());

/** So that the next call has something to say in one byte. */
const metadata = { 'x-gateway-subject': 'alice', 'x-gateway-tenant': 'acme' };

describe('SETTINGS_HEADER_TABLE_SIZE', () => {
  it.each([[[0, 4_096]], [[64, 4_096]], [[4_096, 0, 200]], [[0, 65_536]], [[100, 50, 4_096, 300]]])(
    'of %j between two calls is signalled as nghttp2 wants it',
    async (sizes) => {
      const stub = await fixture.stub(ANSWER);
      const transport = fixture.open(stub.target);
      for (let round = 0; round < 3; round++) {
        await transport.unary(getUserCall({ metadata }));
        const [session] = stub.sessions;
        for (const headerTableSize of sizes) {
          session?.settings({ headerTableSize });
          if (session !== undefined) await once(session, 'localSettings');
        }
        await transport.unary(getUserCall({ metadata }));
      }
      expect(stub.calls.map((headers) => headers['x-gateway-subject'])).toEqual(Array(6).fill('alice'));
      expect(stub.sessions).toHaveLength(1);
    },
  );

  it('that is there twice in one frame counts twice (RFC 7541, section 4.2)', async () => {
    const peer = await fixture.peer(({ type, streamId }, connection) => {
      if (type !== FrameType.DATA) return;
      const [lower, raise] = [[Setting.HEADER_TABLE_SIZE, 0] as const, [Setting.HEADER_TABLE_SIZE, 4_096] as const];
      connection.send(settingsFrame([lower, raise]), goodAnswer(streamId, Buffer.from('x')));
    });
    const transport = fixture.open(peer.target);
    await transport.unary(getUserCall());
    await transport.unary(getUserCall());
    const blocks = peer.connections[0]?.of(FrameType.HEADERS).map(({ payload }) => payload.toString('hex', 0, 4));
    expect(blocks?.[1]).toBe('203fe11f');
    expect(peer.connections[0]?.of(FrameType.SETTINGS)).toHaveLength(3);
  });
});

describe('SETTINGS_INITIAL_WINDOW_SIZE', () => {
  it('is acknowledged before it is used: the peer counts with it from then on', async () => {
    const peer = await fixture.peer(
      ({ type, streamId }, connection) => {
        if (type === FrameType.HEADERS) connection.send(settingsFrame([[Setting.INITIAL_WINDOW_SIZE, 100_000]]));
        if (type === FrameType.DATA) connection.send(goodAnswer(streamId, Buffer.from('x')));
      },
      settingsFrame([[Setting.INITIAL_WINDOW_SIZE, 0]]),
    );
    await fixture.open(peer.target).unary(getUserCall({ deadlineAt: soon() }));
    const types = peer.connections[0]?.frames.map(({ type }) => type) ?? [];
    const sent = types.slice(types.indexOf(FrameType.HEADERS));
    expect(sent).toEqual([FrameType.HEADERS, FrameType.SETTINGS, FrameType.DATA]);
  });
});

describe('SETTINGS_MAX_HEADER_LIST_SIZE', () => {
  it('keeps a longer call from being sent, which is not the fault of the backend', async () => {
    const stub = await fixture.stub(ANSWER, { maxHeaderListSize: 1_000 });
    const transport = fixture.open(stub.target);
    const large = getUserCall({ metadata: { 'x-gateway-subject': 'a'.repeat(1_000) } });
    const { error, failure } = await failureOf(transport.unary(large));
    expect(error.code).toBe('UPSTREAM_ERROR');
    expect(failure).toMatchObject({ origin: 'local', backendFault: false, retryableUncommitted: false });
    expect(failure.details).toBe('Request headers exceed SETTINGS_MAX_HEADER_LIST_SIZE of the peer');
    expect(await transport.unary(getUserCall({ metadata }))).toEqual(Buffer.from('x'));
    expect(stub.calls).toHaveLength(1);
    expect(stub.sessions).toHaveLength(1);
  });

  it('is counted to the byte', async () => {
    const counted = await fixture.stub(ANSWER);
    await fixture.open(counted.target).unary(getUserCall({ metadata, deadlineAt: performance.now() + 99_999_999 }));
    const bytes = Object.entries(counted.calls[0] ?? {}).reduce((sum, [name, value]) => {
      return sum + name.length + String(value).length + 32;
    }, 0);
    // `http` is one character less than what is counted for the scheme.
    const stub = await fixture.stub(ANSWER, { maxHeaderListSize: bytes + 1 });
    await fixture.open(stub.target).unary(getUserCall({ metadata }));
    const narrow = await fixture.stub(ANSWER, { maxHeaderListSize: bytes });
    await failureOf(fixture.open(narrow.target).unary(getUserCall({ metadata })));
    expect([stub.calls.length, narrow.calls.length]).toEqual([1, 0]);
  });
});

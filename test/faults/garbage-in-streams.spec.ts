import { fromJson, toBinary } from '@bufbuild/protobuf';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { StreamQueryResponseSchema } from '../../src/gen/ai/v1/ai_pb.js';
import { BackendStub } from '../support/backend-stub.js';
import { gzipBomb, HUGE_HEADERS } from '../support/broken-replies.js';
import { NO_CIRCUIT } from '../support/fault-settings.js';
import { FaultFixture } from '../support/fault-fixture.js';
import { TESTED_TRANSPORT } from '../support/tested-transport.js';
import { answer, frame, html, type Http2Reply, trailersOnly } from '../support/http2-stub.js';

const QUERY = { method: 'POST', body: { query: 'hello' } };
const OK = { 'grpc-status': '0' };
const TOKEN = Buffer.from(
  toBinary(StreamQueryResponseSchema, fromJson(StreamQueryResponseSchema, { sessionId: 's', token: 'hello' })),
);
const ERRORS = 'upstream_grpc_errors_total{upstream="ai",method="StreamQuery"}';

/** Ends that grpc-js takes for the good end of a stream (docs/grpc-transports.md). */
const GOOD_TO_GRPC_JS = ['an empty grpc-status', 'a truncated message'];
/** With them grpc-js loses the messages that came in the same frame. */
const LOSES_MESSAGES = ['a length prefix of 4 GiB'];
const isGrpcJs = TESTED_TRANSPORT === 'grpc-js';

/** Ends of a stream that is garbage, after what came before. */
const ENDS: readonly (readonly [what: string, end: (before: Buffer) => Http2Reply])[] = [
  ['grpc-status abc', (before) => answer(before, { 'grpc-status': 'abc' })],
  ['an empty grpc-status', (before) => answer(before, { 'grpc-status': '' })],
  ['no grpc-status', (before) => answer(before, { x: 'y' })],
  ['bytes that are no message', (before) => answer(Buffer.concat([before, frame(Buffer.of(0xff))]), OK)],
  ['a truncated message', (before) => answer(Buffer.concat([before, frame(TOKEN, { length: 100 })]), OK)],
  ['a compressed flag without an encoding', (before) => compressed(before, TOKEN, {})],
  ['a gzip bomb', (before) => compressed(before, gzipBomb(), { 'grpc-encoding': 'gzip' })],
  ['a length prefix of 4 GiB', (before) => answer(Buffer.concat([before, frame(TOKEN, { length: 2 ** 32 - 1 })]), OK)],
];
const BEGINNINGS: readonly (readonly [what: string, reply: Http2Reply])[] = [
  ...ENDS.map(([what, end]) => [what, end(Buffer.alloc(0))] as const),
  ['grpc-status 99 and nothing else', trailersOnly({ 'grpc-status': '99' })],
  ['200 text/html', html(200, '<html>'.repeat(20))],
  ['HTTP 401 of a mesh', html(401)],
  ['headers over 64 KiB', HUGE_HEADERS],
];

function compressed(before: Buffer, message: Uint8Array, headers: Record<string, string>): Http2Reply {
  return answer(Buffer.concat([before, frame(message, { compressed: true })]), OK, headers);
}

describe('garbage in a stream (FI-5)', () => {
  let stub: BackendStub;
  let faults: FaultFixture;
  beforeAll(async () => {
    stub = await BackendStub.start();
    faults = await FaultFixture.start({ env: { ...NO_CIRCUIT, AI_SERVICE_URL: stub.address } });
  });
  afterAll(async () => {
    await faults.close();
    await stub.close();
  });

  it.each(BEGINNINGS)('in place of its first message is a fault of the backend: %s', async (what, reply) => {
    stub.reply = reply;
    if (isGrpcJs && GOOD_TO_GRPC_JS.includes(what)) {
      expect(await faults.code('/api/v1/ai:stream', QUERY)).toBe('200');
      return faults.expectSound();
    }
    expect(await faults.code('/api/v1/ai:stream', QUERY)).toBe('UPSTREAM_ERROR');
    await expect.poll(() => stub.openStreams).toBe(0);
    await faults.expectSound(ERRORS);
  });

  it.each(ENDS)('after a message is told in its last event: %s', async (what, end) => {
    stub.reply = end(frame(TOKEN));
    const { status, body, code } = await faults.ask('/api/v1/ai:stream', QUERY);
    if (isGrpcJs && LOSES_MESSAGES.includes(what)) {
      expect(code).toBe('UPSTREAM_ERROR');
      return faults.expectSound(ERRORS);
    }
    const events = body.trimEnd().split('\n\n');
    expect(status).toBe(200);
    expect(events).toHaveLength(2);
    expect(events[0]).toContain('"token":"hello"');
    if (isGrpcJs && GOOD_TO_GRPC_JS.includes(what)) {
      expect(events[1]).toBe('event: end\ndata: {}');
      return faults.expectSound();
    }
    expect(events[1]).toMatch(/^event: error\ndata: .*"code":"UPSTREAM_ERROR"/);
    await expect.poll(() => stub.openStreams).toBe(0);
    await faults.expectSound(ERRORS);
  });
});

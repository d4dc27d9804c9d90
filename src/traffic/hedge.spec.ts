import { once } from 'node:events';
import type { ServerHttp2Stream } from 'node:http2';
import { afterEach, expect, it } from 'vitest';
import {
  http2Stub,
  type Http2Reply,
  type Http2Stub,
  answer,
  frame,
  trailersOnly,
} from '../../test/support/http2-stub.js';
import { stackFixtureAt, type StackFixture } from '../../test/support/stack-fixture.js';
import { unaryMethod, upstreamCall } from '../../test/support/upstream-call.js';
import { GatewayError } from '../domain/errors.js';
import type { RpcMethod } from '../domain/rpc-method.js';

const OK = answer(frame(Buffer.from('answer')), { 'grpc-status': '0' });

let stub: Http2Stub;
let fixture: StackFixture;
let streams: ServerHttp2Stream[];
afterEach(async () => {
  fixture.close();
  await stub.close();
});

async function facing(...replies: (Http2Reply | 'hang')[]): Promise<void> {
  streams = [];
  stub = await http2Stub((stream, headers) => {
    const reply = replies[Math.min(streams.push(stream), replies.length) - 1];
    if (reply !== 'hang') reply?.(stream, headers);
  });
  fixture = stackFixtureAt(stub.target);
}

function hedged(hedgeAfterMs: number, maxAttempts = 2): RpcMethod {
  return { ...unaryMethod({ retry: { maxAttempts, backoffMs: 1, hedgeAfterMs } }), idempotent: true };
}

it('a call that has no answer in time is sent once more; the first answer counts and the other attempt is cancelled', async () => {
  await facing('hang', OK);
  const call = upstreamCall(hedged(20));
  await fixture.stack.unary(call);
  expect(stub.calls).toHaveLength(2);
  expect(call.context.upstream).toMatchObject({ attempts: 2, grpcCode: 'OK' });
  expect(fixture.measure.retries).toEqual(['user GetUser']);
  const [first] = streams;
  if (first?.closed === false) await once(first, 'close');
  expect(first?.rstCode).toBe(8);
  await expect.poll(() => fixture.measure.codes()).toEqual(['user GetUser OK', 'user GetUser CANCELLED']);
  expect(call.context.upstream?.grpcCode).toBe('OK');
});

it('a call that is answered in time is sent once', async () => {
  await facing(OK);
  await fixture.stack.unary(upstreamCall(hedged(5_000)));
  expect(stub.calls).toHaveLength(1);
});

it('an attempt that was turned away is followed by the next one at once', async () => {
  await facing(trailersOnly({ 'grpc-status': '14' }), OK);
  await fixture.stack.unary(upstreamCall(hedged(60_000)));
  expect(stub.calls).toHaveLength(2);
});

it('an answer that is an error ends the call', async () => {
  await facing('hang', trailersOnly({ 'grpc-status': '5' }));
  await expect(fixture.stack.unary(upstreamCall(hedged(20)))).rejects.toMatchObject({ code: 'NOT_FOUND' });
});

it('no more attempts are made than the policy allows', async () => {
  await facing('hang');
  await expect(fixture.stack.unary(upstreamCall(hedged(5, 3), 1_000))).rejects.toMatchObject({
    code: 'UPSTREAM_TIMEOUT',
  });
  expect(stub.calls).toHaveLength(3);
});

it('all attempts end with their request', async () => {
  await facing('hang');
  const call = upstreamCall(hedged(5));
  const failed = fixture.stack.unary(call).catch((error: unknown) => GatewayError.from(error).code);
  await expect.poll(() => stub.calls.length).toBe(2);
  call.abort.abort();
  expect(await failed).toBe('CLIENT_CLOSED');
  for (const stream of streams) if (!stream.closed) await once(stream, 'close');
});

import { afterEach, describe, expect, it } from 'vitest';
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
import type { Policy } from '../domain/policy.js';
import type { RpcMethod } from '../domain/rpc-method.js';

const UNAVAILABLE = trailersOnly({ 'grpc-status': '14' });
const OK = answer(frame(Buffer.from('answer')), { 'grpc-status': '0' });

let stub: Http2Stub;
let fixture: StackFixture;
afterEach(async () => {
  fixture.close();
  await stub.close();
});

/** A stack before a peer that gives these replies, one a call, the last one for ever. */
async function facing(...replies: Http2Reply[]): Promise<void> {
  let given = 0;
  stub = await http2Stub((stream, headers) => {
    const reply = replies[Math.min(given, replies.length - 1)];
    given += 1;
    reply?.(stream, headers);
  });
  // No circuit here: it would be open before a budget is used up.
  fixture = stackFixtureAt(stub.target, { circuit: { errorPercent: 0 } });
}

function retried(retry: Partial<NonNullable<Policy['retry']>> = {}, method: Partial<RpcMethod> = {}): RpcMethod {
  const policy = { retry: { maxAttempts: 3, backoffMs: 1, hedgeAfterMs: undefined, ...retry } };
  return { ...unaryMethod(policy), idempotent: true, ...method };
}

function outcome(method: RpcMethod, requestMs?: number): Promise<string> {
  return fixture.stack.unary(upstreamCall(method, requestMs)).then(
    () => 'OK',
    (error: unknown) => GatewayError.from(error).code,
  );
}

describe('a call that may be sent again', () => {
  it('is, until it is answered', async () => {
    await facing(UNAVAILABLE, UNAVAILABLE, OK);
    const call = upstreamCall(retried());
    await fixture.stack.unary(call);
    expect(stub.calls).toHaveLength(3);
    expect(call.context.upstream?.attempts).toBe(3);
    expect(fixture.measure.retries).toEqual(['user GetUser', 'user GetUser']);
  });

  it('fails of what the backend said when its time is over before it could be', async () => {
    const standStill = () => {
      for (const until = performance.now() + 250; performance.now() < until;);
    };
    await facing((stream, headers) => {
      UNAVAILABLE(stream, headers);
      setTimeout(standStill, 10);
    });
    expect(await outcome(retried({ backoffMs: 80 }), 200)).toBe('UPSTREAM_UNAVAILABLE');
    expect(stub.calls).toHaveLength(1);
  });

  it('is not sent more often than its policy says', async () => {
    await facing(UNAVAILABLE);
    expect(await outcome(retried())).toBe('UPSTREAM_UNAVAILABLE');
    expect(stub.calls).toHaveLength(3);
  });

  it('has the same deadline for all attempts together, and is told so each time', async () => {
    await facing(UNAVAILABLE, OK);
    await fixture.stack.unary(upstreamCall(retried({ backoffMs: 40 }), 1_000));
    const [first, second] = stub.calls.map((headers) => parseInt(String(headers['grpc-timeout']), 10));
    expect(second).toBeLessThan(first ?? 0);
  });

  it('is not sent again when the pause would outlast its deadline', async () => {
    await facing(UNAVAILABLE);
    expect(await outcome(retried({ backoffMs: 500 }), 100)).toBe('UPSTREAM_UNAVAILABLE');
    expect(stub.calls).toHaveLength(1);
  });

  it('is not sent again once its client has left', async () => {
    await facing(UNAVAILABLE);
    const call = upstreamCall(retried({ backoffMs: 500 }), 60_000);
    const failed = fixture.stack.unary(call).catch((error: unknown) => GatewayError.from(error).code);
    await expect.poll(() => fixture.measure.retries.length).toBe(1);
    call.abort.abort();
    expect(await failed).toBe('CLIENT_CLOSED');
    expect(stub.calls).toHaveLength(1);
  });

  it('is sent again when the backend says, if it says a time', async () => {
    await facing(trailersOnly({ 'grpc-status': '14', 'grpc-retry-pushback-ms': '1' }), OK);
    expect(await outcome(retried({ backoffMs: 60_000 }))).toBe('OK');
  });

  it.each(['-1', 'never', '1.5'])('is not sent again at a pushback of "%s"', async (pushback) => {
    await facing(trailersOnly({ 'grpc-status': '14', 'grpc-retry-pushback-ms': pushback }));
    await outcome(retried());
    expect(stub.calls).toHaveLength(1);
  });
});

describe('what is never sent twice', () => {
  it.each([
    ['a write', retried({}, { idempotent: false }), UNAVAILABLE],
    ['a call without a policy of retries', { ...unaryMethod(), idempotent: true }, UNAVAILABLE],
    ['a call that was answered in part', retried(), answer(Buffer.alloc(0), { 'grpc-status': '14' })],
    ['a call that failed otherwise', retried(), trailersOnly({ 'grpc-status': '13' })],
    ['a call that the backend refused', retried(), trailersOnly({ 'grpc-status': '3' })],
  ])('is %s', async (_, method, reply) => {
    await facing(reply);
    await outcome(method);
    expect(stub.calls).toHaveLength(1);
  });
});

it('an upstream that is down gets at most 1.1 attempts a call', async () => {
  await facing(UNAVAILABLE);
  const method = retried({ maxAttempts: 4 });
  for (let batch = 0; batch < 20; batch++) await Promise.all(Array.from({ length: 50 }, () => outcome(method)));
  expect(stub.calls.length).toBeGreaterThan(1_000);
  expect(stub.calls.length).toBeLessThanOrEqual(1_100);
});

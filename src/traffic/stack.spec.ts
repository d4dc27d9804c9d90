import { afterEach, describe, expect, it, vi } from 'vitest';
import { failureOf } from '../../test/support/failure.js';
import type { BytesCall } from '../../test/support/grpc-backend.js';
import { stackFixture, stackFixtureAt, type StackFixture } from '../../test/support/stack-fixture.js';
import { unaryMethod, upstreamCall } from '../../test/support/upstream-call.js';
import { GatewayError } from '../domain/errors.js';
import { Http2Transport } from '../grpc/client/http2-transport.js';

const worlds: StackFixture[] = [];
afterEach(() => {
  for (const each of worlds.splice(0)) each.close();
});

async function fixture(handlers: Parameters<typeof stackFixture>[0]): Promise<StackFixture> {
  const made = await stackFixture(handlers);
  worlds.push(made);
  return made;
}

/** A handler that notes how much time the backend was given. */
function noting(seen: number[]): (call: BytesCall) => Buffer {
  return (call) => {
    seen.push(Number(call.getDeadline()) - Date.now());
    return call.request;
  };
}

describe('a unary call through the stack', () => {
  it('reaches the backend and is measured once', async () => {
    const { stack, measure } = await fixture({ unary: (call) => call.request });
    const call = upstreamCall(unaryMethod());
    expect(await stack.unary(call)).toEqual(Buffer.from('request'));
    expect(measure.codes()).toEqual(['user GetUser OK']);
    expect(call.context.upstream).toMatchObject({
      upstream: 'user',
      rpc: '/user.v1.UserService/GetUser',
      grpcCode: 'OK',
      attempts: 1,
    });
    expect(call.context.upstream?.serviceMs).toBeCloseTo((measure.attempts[0]?.seconds ?? 0) * 1_000);
  });

  it.each([
    ['the default of the upstream', {}, 300_000, 60_000],
    ['the policy', { timeoutMs: 20_000 }, 300_000, 20_000],
    ['a policy that is more patient than the upstream', { timeoutMs: 200_000 }, 300_000, 200_000],
    ['what is left of the request', {}, 40_000, 40_000],
  ] as const)('has the deadline of %s', async (_, policy, requestMs, expected) => {
    const seen: number[] = [];
    const { stack } = await fixture({ unary: noting(seen) });
    const call = upstreamCall(unaryMethod(policy), requestMs);
    await stack.unary(call);
    expect(seen[0]).toBeLessThanOrEqual(expected + 1);
    expect(seen[0]).toBeGreaterThan(expected - 10_000);
    expect(call.context.upstream?.deadlineMs).toBeLessThanOrEqual(expected);
  });

  it('is hurried only by a client whose deadline is the nearest', async () => {
    const { stack } = await fixture({ unary: (call) => call.request });
    const sent = vi.spyOn(Http2Transport.prototype, 'unary');
    for (const clientMs of [Infinity, 500_000, 10_000]) {
      const call = upstreamCall(unaryMethod(), 300_000);
      call.context.clientDeadlineAt = performance.now() + clientMs;
      await stack.unary({ ...call, deadlineAt: call.context.deadlineAt });
    }
    expect(sent.mock.calls.map(([{ hasClientDeadline }]) => hasClientDeadline)).toEqual([false, false, true]);
    sent.mockRestore();
  });

  it('is not sent when the request has no time left', async () => {
    const seen: number[] = [];
    const { stack, measure } = await fixture({ unary: noting(seen) });
    const call = upstreamCall(unaryMethod(), -1);
    const { error, failure } = await failureOf(stack.unary(call));
    expect(error.code).toBe('UPSTREAM_TIMEOUT');
    expect(failure).toMatchObject({ origin: 'local', backendFault: false });
    expect([seen, measure.attempts]).toEqual([[], []]);
    expect(call.context.upstream).toMatchObject({ attempts: 0, deadlineMs: 0 });
  });

  it('is measured by the code it failed with', async () => {
    const { stack, measure } = await fixture({
      unary: () => {
        throw Object.assign(new Error('no such user'), { code: 5 });
      },
    });
    const call = upstreamCall(unaryMethod());
    const { error } = await failureOf(stack.unary(call));
    expect(error).toMatchObject({ code: 'NOT_FOUND', detail: 'no such user' });
    expect(measure.codes()).toEqual(['user GetUser NOT_FOUND']);
    expect(call.context.upstream?.grpcCode).toBe('NOT_FOUND');
  });

  it('counts the connections it did not find', async () => {
    const made = stackFixtureAt('dns:///nobody.invalid:1');
    worlds.push(made);
    const { stack, measure } = made;
    await failureOf(stack.unary(upstreamCall(unaryMethod())));
    expect(measure.codes()).toEqual(['user GetUser UNAVAILABLE']);
    expect(measure.connectionFailures).toEqual(['user dns']);
  });

  it('is cancelled with its request', async () => {
    const arrived = Promise.withResolvers<void>();
    const cancelled = Promise.withResolvers<void>();
    const { stack, measure } = await fixture({
      unary: (call) => {
        call.on('cancelled', () => cancelled.resolve());
        arrived.resolve();
        return new Promise(() => undefined);
      },
    });
    const call = upstreamCall(unaryMethod());
    const failed = failureOf(stack.unary(call));
    await arrived.promise;
    call.context.cancel(new GatewayError('CLIENT_CLOSED', 'The client left.'));
    expect((await failed).error.code).toBe('CLIENT_CLOSED');
    await cancelled.promise;
    expect(measure.codes()).toEqual(['user GetUser CANCELLED']);
  });

  it('keeps its own trace when a request makes several at once', async () => {
    const { stack } = await fixture({ unary: (call) => call.request });
    const call = upstreamCall(unaryMethod());
    await Promise.all([stack.unary(call), stack.unary(call), stack.unary(call)]);
    expect(call.context.upstream?.attempts).toBe(1);
  });

  it('fails as a bug of the gateway when its upstream has no address', async () => {
    const { stack } = await fixture({});
    const call = upstreamCall({ ...unaryMethod(), upstream: 'billing' });
    await expect(stack.unary(call)).rejects.toThrow('The upstream "billing" has no address');
  });
});

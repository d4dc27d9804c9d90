import { afterEach, describe, expect, it } from 'vitest';
import { failureOf } from '../../test/support/failure.js';
import type { BytesCall, BytesStream } from '../../test/support/grpc-backend.js';
import { type Limits, stackFixture, type StackFixture } from '../../test/support/stack-fixture.js';
import { streamMethod, unaryMethod, upstreamCall } from '../../test/support/upstream-call.js';
import { GatewayError } from '../domain/errors.js';

const worlds: StackFixture[] = [];
afterEach(() => {
  for (const each of worlds.splice(0)) each.close();
});

/** A backend that answers when told to. */
async function hanging(limits: Limits): Promise<{ fixture: StackFixture; release: () => void; arrived: () => number }> {
  const waiting: (() => void)[] = [];
  let count = 0;
  const fixture = await stackFixture(
    {
      unary: (call: BytesCall) => {
        count += 1;
        return new Promise((resolve) => waiting.push(() => resolve(call.request)));
      },
    },
    limits,
  );
  worlds.push(fixture);
  return { fixture, arrived: () => count, release: () => waiting.shift()?.() };
}

function codeOf(error: unknown): string {
  return GatewayError.from(error).code;
}

describe('the places at an upstream', () => {
  it('are limited: a call too many is refused without a word to the backend', async () => {
    const { fixture, arrived } = await hanging({ maxConcurrent: 2, load: { queueSize: 0 } });
    const method = unaryMethod();
    void Promise.allSettled([1, 2].map(() => fixture.stack.unary(upstreamCall(method))));
    await expect.poll(arrived).toBe(2);
    const error = GatewayError.from(await fixture.stack.unary(upstreamCall(method)).catch((reason: unknown) => reason));
    expect(error).toMatchObject({ code: 'OVERLOADED', status: 503, retryAfterSeconds: 1 });
    expect(arrived()).toBe(2);
    expect(fixture.protection.limiterOf('user').inUse).toBe(2);
  });

  it('are waited for, and the wait is told', async () => {
    const { fixture, arrived, release } = await hanging({ maxConcurrent: 1, load: { queueTimeoutMs: 5_000 } });
    const method = unaryMethod();
    const first = fixture.stack.unary(upstreamCall(method));
    await expect.poll(arrived).toBe(1);
    const second = upstreamCall(method);
    const answer = fixture.stack.unary(second);
    expect(fixture.protection.limiterOf('user').queued).toBe(1);
    release();
    await first;
    await expect.poll(arrived).toBe(2);
    release();
    await answer;
    expect(second.context.queueMs).toBeGreaterThan(0);
    expect(second.context.upstream?.deadlineMs).toBeLessThanOrEqual(5_000 - second.context.queueMs);
    expect(fixture.protection.limiterOf('user').inUse).toBe(0);
  });

  it('a full upstream is no failing upstream: its circuit stays closed', async () => {
    const { fixture, arrived } = await hanging({
      maxConcurrent: 1,
      load: { queueSize: 0 },
      circuit: { minRequests: 3 },
    });
    const method = unaryMethod();
    void fixture.stack.unary(upstreamCall(method)).catch(() => undefined);
    await expect.poll(arrived).toBe(1);
    for (let n = 0; n < 10; n++)
      await expect(fixture.stack.unary(upstreamCall(method))).rejects.toThrow('too many calls');
    expect(fixture.protection.breakers.of(method).state).toBe('closed');
  });

  it('of one RPC are its own when its policy sets them', async () => {
    const { fixture, arrived } = await hanging({ load: { queueSize: 0 } });
    const method = unaryMethod({ maxConcurrent: 1 });
    void fixture.stack.unary(upstreamCall(method)).catch(() => undefined);
    await expect.poll(arrived).toBe(1);
    expect(await fixture.stack.unary(upstreamCall(method)).catch(codeOf)).toBe('OVERLOADED');
    void fixture.stack.unary(upstreamCall(unaryMethod())).catch(() => undefined);
    await expect.poll(arrived).toBe(2);
  });

  it('are given back by calls that fail and by clients that leave', async () => {
    const { fixture, arrived } = await hanging({ maxConcurrent: 1 });
    const call = upstreamCall(unaryMethod());
    const failed = failureOf(fixture.stack.unary(call));
    await expect.poll(arrived).toBe(1);
    call.abort.abort();
    await failed;
    expect(fixture.protection.limiterOf('user').inUse).toBe(0);
  });
});

it('a stream holds its place until it ends', async () => {
  const open: BytesStream[] = [];
  const fixture = await stackFixture(
    {
      stream: (call) => {
        open.push(call);
        call.write(Buffer.from('token'));
      },
    },
    { maxConcurrent: 1, load: { queueSize: 0 } },
  );
  worlds.push(fixture);
  const stream = await fixture.stack.openStream(upstreamCall(streamMethod()));
  await expect(fixture.stack.openStream(upstreamCall(streamMethod()))).rejects.toMatchObject({ code: 'OVERLOADED' });
  stream.cancel();
  await stream.ended;
  const next = await fixture.stack.openStream(upstreamCall(streamMethod()));
  next.cancel();
});

import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { failureOf } from '../../test/support/failure.js';
import { stackFixture, type StackFixture } from '../../test/support/stack-fixture.js';
import { streamMethod, upstreamCall } from '../../test/support/upstream-call.js';
import { GatewayError } from '../domain/errors.js';

const worlds: StackFixture[] = [];
afterEach(() => {
  for (const each of worlds.splice(0)) each.close();
});

async function fixture(handlers: Parameters<typeof stackFixture>[0]): Promise<StackFixture> {
  const made = await stackFixture(handlers);
  worlds.push(made);
  return made;
}

async function collect(stream: AsyncIterable<Uint8Array>): Promise<string[]> {
  const texts: string[] = [];
  for await (const message of stream) texts.push(Buffer.from(message).toString());
  return texts;
}

describe('a stream through the stack', () => {
  it('begins at its first message, which the iterator hands out too', async () => {
    const { stack, measure } = await fixture({
      stream: (call) => {
        for (const text of ['one', 'two', 'three']) call.write(Buffer.from(text));
        call.end();
      },
    });
    const call = upstreamCall(streamMethod());
    const stream = await stack.openStream(call);
    expect(measure.attempts).toEqual([]);
    expect(await collect(stream)).toEqual(['one', 'two', 'three']);
    expect(await stream.ended).toBeUndefined();
    expect(measure.codes()).toEqual(['ai StreamQuery OK']);
    expect(call.context.upstream).toMatchObject({ grpcCode: 'OK', attempts: 1 });
  });

  it('may end without a message', async () => {
    const { stack } = await fixture({ stream: (call) => call.end() });
    const stream = await stack.openStream(upstreamCall(streamMethod()));
    expect(await collect(stream)).toEqual([]);
  });

  it('is not opened when it fails before its first message', async () => {
    const { stack, measure } = await fixture({
      stream: (call) => call.emit('error', Object.assign(new Error('no model'), { code: 9 })),
    });
    expect((await failureOf(stack.openStream(upstreamCall(streamMethod())))).error.code).toBe('FAILED_PRECONDITION');
    expect(measure.codes()).toEqual(['ai StreamQuery FAILED_PRECONDITION']);
  });

  it("outlives its request's deadline: it has limits of its own", async () => {
    const seen: number[] = [];
    const { stack } = await fixture({
      stream: (call) => {
        seen.push(Number(call.getDeadline()) - Date.now());
        call.end();
      },
    });
    await stack.openStream(upstreamCall(streamMethod(), 100));
    expect(seen[0]).toBeGreaterThan(200_000);
  });

  it('ends when the backend pauses longer than the policy allows', async () => {
    const cancelled = Promise.withResolvers<void>();
    const { stack, measure } = await fixture({
      stream: (call) => {
        call.on('cancelled', () => cancelled.resolve());
        call.write(Buffer.from('one'));
      },
    });
    const limits = { idleTimeoutMs: 300, maxDurationMs: 10_000, maxMessages: 0 };
    const stream = await stack.openStream(upstreamCall(streamMethod({ stream: limits })));
    const { error, failure } = await failureOf(collect(stream));
    expect(error).toMatchObject({ code: 'UPSTREAM_TIMEOUT' });
    expect(failure).toMatchObject({ grpcCode: 'DEADLINE_EXCEEDED', backendFault: true });
    await cancelled.promise;
    expect(await stream.ended).toBe(error);
    expect(measure.codes()).toEqual(['ai StreamQuery DEADLINE_EXCEEDED']);
  });

  it('is not opened when the first message does not come in time', async () => {
    const { stack } = await fixture({ stream: () => undefined });
    const limits = { idleTimeoutMs: 300, maxDurationMs: 10_000, maxMessages: 0 };
    const { error } = await failureOf(stack.openStream(upstreamCall(streamMethod({ stream: limits }))));
    expect(error.code).toBe('UPSTREAM_TIMEOUT');
  });

  it('does not blame the backend for a client that reads slowly', async () => {
    const { stack } = await fixture({
      stream: (call) => {
        call.write(Buffer.from('one'));
        call.write(Buffer.from('two'));
        call.end();
      },
    });
    const limits = { idleTimeoutMs: 250, maxDurationMs: 10_000, maxMessages: 0 };
    const stream = await stack.openStream(upstreamCall(streamMethod({ stream: limits })));
    await sleep(600);
    expect(await collect(stream)).toHaveLength(2);
  });

  it('does not blame the backend for a standstill of the gateway, in which its message came', async () => {
    const standStill = () => {
      for (const until = performance.now() + 600; performance.now() < until;);
    };
    const { stack } = await fixture({
      stream: (call) => {
        call.write(Buffer.from('one'));
        setTimeout(() => {
          call.write(Buffer.from('two'));
          call.end();
          // It is sent by then, and nobody has looked for it yet.
          setImmediate(() => setImmediate(standStill));
        }, 50);
      },
    });
    const limits = { idleTimeoutMs: 250, maxDurationMs: 10_000, maxMessages: 0 };
    const stream = await stack.openStream(upstreamCall(streamMethod({ stream: limits })));
    expect(await collect(stream)).toHaveLength(2);
  });

  it('ends at its longest duration, read or not', async () => {
    const { stack } = await fixture({ stream: (call) => call.write(Buffer.from('one')) });
    const limits = { idleTimeoutMs: 10_000, maxDurationMs: 200, maxMessages: 0 };
    const stream = await stack.openStream(upstreamCall(streamMethod({ stream: limits })));
    expect((await stream.ended)?.code).toBe('UPSTREAM_TIMEOUT');
    expect((await failureOf(collect(stream))).error.code).toBe('UPSTREAM_TIMEOUT');
  });

  it('ends after the most messages that the policy allows', async () => {
    const { stack } = await fixture({
      stream: (call) => {
        for (let n = 0; n < 10; n += 1) call.write(Buffer.from('token'));
      },
    });
    const limits = { idleTimeoutMs: 10_000, maxDurationMs: 10_000, maxMessages: 3 };
    const stream = await stack.openStream(upstreamCall(streamMethod({ stream: limits })));
    let count = 0;
    const counting = (async () => {
      for await (const message of stream) count += message.length > 0 ? 1 : 0;
    })();
    await expect(counting).rejects.toMatchObject({ code: 'UPSTREAM_ERROR' });
    expect(count).toBe(3);
  });

  it('is cancelled at the backend when its loop is left', async () => {
    const cancelled = Promise.withResolvers<void>();
    const { stack, measure } = await fixture({
      stream: (call) => {
        call.on('cancelled', () => cancelled.resolve());
        call.write(Buffer.from('one'));
      },
    });
    const stream = await stack.openStream(upstreamCall(streamMethod()));
    for await (const message of stream) {
      expect(message).toEqual(Buffer.from('one'));
      break;
    }
    await cancelled.promise;
    expect((await stream.ended)?.code).toBe('CLIENT_CLOSED');
    expect(measure.codes()).toEqual(['ai StreamQuery CANCELLED']);
  });

  it('ends with its request, read or not', async () => {
    const cancelled = Promise.withResolvers<void>();
    const { stack } = await fixture({
      stream: (call) => {
        call.on('cancelled', () => cancelled.resolve());
        call.write(Buffer.from('one'));
      },
    });
    const call = upstreamCall(streamMethod());
    const stream = await stack.openStream(call);
    call.context.cancel(new GatewayError('DRAINING', 'The gateway is shutting down.'));
    expect((await stream.ended)?.code).toBe('DRAINING');
    expect((await failureOf(collect(stream))).error.code).toBe('DRAINING');
    await cancelled.promise;
  });
});

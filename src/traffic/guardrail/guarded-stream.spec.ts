import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { GatewayError } from '../../domain/errors.js';
import type { MessageStream } from '../../grpc/transport.js';
import { openWithin } from '../upstream-stream.js';
import { GuardedStream } from './guarded-stream.js';

const BLOCKED = new GatewayError('CONTENT_BLOCKED', 'blocked');

/** Messages of a size, without end unless there is one, that notes how many were taken from it. */
class Source implements MessageStream {
  taken = 0;
  isCancelled = false;

  constructor(
    private readonly bytes: number,
    private readonly end = Infinity,
    private readonly failure?: GatewayError,
  ) {}

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    while (this.taken < this.end && !this.isCancelled) yield Buffer.alloc(this.bytes, (this.taken++ % 26) + 97);
    if (this.failure !== undefined) throw this.failure;
  }

  cancel(): void {
    this.isCancelled = true;
  }
}

async function open(source: Source, check: (messages: readonly Uint8Array[], firstIndex: number) => Promise<void>) {
  const limits = { upstream: 'ai', idleMs: 60_000, maxMessages: 0, deadlineAt: performance.now() + 60_000 };
  const { signal } = new AbortController();
  return new GuardedStream(await openWithin({ ...limits, signal }, source), check);
}

/** Lets everything happen that needs no time. */
async function settle(): Promise<void> {
  for (let n = 0; n < 500; n++) await turn();
}

describe('a stream with a guardrail', () => {
  it.each([
    // Those that the check has, and those that wait.
    ['of 1 byte', 1, 1 + 64],
    ['of 64 KiB', 65_536, 1 + 4],
    ['of 1 MiB', 1_048_576, 1 + 1],
  ])('reads %s so far ahead of a check that hangs', async (_what, bytes, most) => {
    const source = new Source(bytes);
    const stream = await open(source, () => new Promise(() => undefined));
    void stream.next();
    await settle();
    expect(source.taken).toBe(most);
    stream.cancel();
  });

  it('reads no further while nobody takes what is allowed', async () => {
    const source = new Source(1);
    const stream = await open(source, () => Promise.resolve());
    await stream.next();
    await settle();
    const { taken } = source;
    await settle();
    expect(source.taken).toBe(taken);
    expect(taken).toBeLessThanOrEqual(1 + 2 * 64);
    stream.cancel();
  });

  it('gives nothing of a blocked check, and nothing after it', async () => {
    const source = new Source(1, 100);
    const stream = await open(source, (_messages, firstIndex) =>
      firstIndex === 0 ? Promise.resolve() : Promise.reject(BLOCKED),
    );
    expect((await stream.next()).done).toBe(false);
    await expect(stream.next()).rejects.toBe(BLOCKED);
    await settle();
    expect(await stream.next()).toEqual({ done: true, value: undefined });
    expect(await stream.ended).toBe(BLOCKED);
    expect(source.isCancelled).toBe(true);
  });

  it('tells the failure of its source once, after the messages before it', async () => {
    const failure = new GatewayError('UPSTREAM_UNAVAILABLE', 'gone');
    const stream = await open(new Source(1, 10, failure), () => Promise.resolve());
    for (let n = 0; n < 10; n++) expect((await stream.next()).done).toBe(false);
    await expect(stream.next()).rejects.toBe(failure);
    expect((await stream.next()).done).toBe(true);
    expect(await stream.ended).toBe(failure);
  });

  it('is over when it is cancelled in the middle of a check', async () => {
    const check = Promise.withResolvers<void>();
    const stream = await open(new Source(1), () => check.promise);
    const next = stream.next();
    await settle();
    stream.cancel();
    check.resolve();
    await next;
    expect((await stream.ended)?.code).toBe('CLIENT_CLOSED');
    expect((await stream.next()).done).toBe(true);
  });

  it('that has no message asks nobody', async () => {
    const stream = await open(new Source(1, 0), () => Promise.reject(BLOCKED));
    expect(await stream.next()).toEqual({ done: true, value: undefined });
    expect(await stream.ended).toBeUndefined();
  });

  it('ends the wait for a slow client when its time is over', async () => {
    const failure = new GatewayError('UPSTREAM_TIMEOUT', 'too long');
    const stream = await open(new Source(1, 3, failure), () => Promise.resolve());
    await stream.next();
    expect(await stream.ended).toBe(failure);
  });
});

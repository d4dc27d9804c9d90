import { afterEach, describe, expect, it } from 'vitest';
import { failureOf } from '../../test/support/failure.js';
import { type Limits, stackFixture, type StackFixture } from '../../test/support/stack-fixture.js';
import { streamMethod, upstreamCall } from '../../test/support/upstream-call.js';
import { GatewayError } from '../domain/errors.js';

const worlds: StackFixture[] = [];
afterEach(() => {
  for (const each of worlds.splice(0)) each.close();
});

const STRICT: Limits = { circuit: { minRequests: 3 } };

const codeOf = (error: unknown) => GatewayError.from(error).code;

it('a stream counts when its first message comes, however it ends', async () => {
  const fixture = await stackFixture(
    {
      stream: (call) => {
        const broken = Object.assign(new Error('broken'), { code: 13 });
        call.write(Buffer.from('token'), () => void call.emit('error', broken));
      },
    },
    STRICT,
  );
  worlds.push(fixture);
  for (let n = 0; n < 6; n++) {
    const stream = await fixture.stack.openStream(upstreamCall(streamMethod()));
    await expect(drained(stream)).rejects.toMatchObject({ code: 'UPSTREAM_ERROR' });
  }
  expect(fixture.protection.breakers.of(streamMethod()).state).toBe('closed');
});

async function drained(stream: AsyncIterable<Uint8Array>): Promise<number> {
  let count = 0;
  for await (const message of stream) count += message.length;
  return count;
}

describe('a stream without a first message', () => {
  const method = streamMethod({ stream: { idleTimeoutMs: 60, maxDurationMs: 300_000, maxMessages: 0 } });

  /** A backend that sends nothing, and how a client of it that waits so long fares. */
  async function silent(clientMs: number): Promise<{ fixture: StackFixture; open: () => Promise<string> }> {
    const fixture = await stackFixture({ stream: () => undefined }, STRICT);
    worlds.push(fixture);
    const open = async () => {
      const call = upstreamCall(method);
      call.context.clientDeadlineAt = performance.now() + clientMs;
      return fixture.stack.openStream(call).then(() => 'OK', codeOf);
    };
    return { fixture, open };
  }

  it('in the time of its policy counts as a failure, whatever the client would wait for the whole of it', async () => {
    const { open } = await silent(10_000);
    await expect.poll(open).toBe('CIRCUIT_OPEN');
  });

  it('in less than half of that time does not, for it was the client who did not wait', async () => {
    const { fixture, open } = await silent(10);
    for (let n = 0; n < 100; n++) expect(await open()).toBe('UPSTREAM_TIMEOUT');
    expect(fixture.protection.breakers.of(method).state).toBe('closed');
  });
});

it('a stream that fails before its first message counts as a failure', async () => {
  const fixture = await stackFixture(
    { stream: (call) => void call.emit('error', Object.assign(new Error('down'), { code: 14 })) },
    STRICT,
  );
  worlds.push(fixture);
  for (let n = 0; n < 3; n++) await failureOf(fixture.stack.openStream(upstreamCall(streamMethod())));
  await expect(fixture.stack.openStream(upstreamCall(streamMethod()))).rejects.toMatchObject({ code: 'CIRCUIT_OPEN' });
});

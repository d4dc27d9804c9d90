import { afterEach, describe, expect, it } from 'vitest';
import { failureOf } from '../../test/support/failure.js';
import type { BytesCall } from '../../test/support/grpc-backend.js';
import { type Limits, stackWorld, type World } from '../../test/support/stack-world.js';
import { streamMethod, unaryMethod, upstreamCall } from '../../test/support/upstream-call.js';
import { GatewayError } from '../domain/errors.js';

const worlds: World[] = [];
afterEach(() => {
  for (const each of worlds.splice(0)) each.close();
});

const STRICT: Limits = { circuit: { minRequests: 3 } };

/** A backend that does with each call what is wanted at the time. */
class Backend {
  answer: (call: BytesCall) => Promise<Buffer> | Buffer = (call) => call.request;
  calls = 0;

  async world(limits: Limits = STRICT): Promise<World> {
    const made = await stackWorld(
      {
        unary: (call) => {
          this.calls += 1;
          return this.answer(call);
        },
      },
      limits,
    );
    worlds.push(made);
    return made;
  }

  fail(code: number): void {
    this.answer = () => {
      throw Object.assign(new Error('failing'), { code });
    };
  }
}

/** Codes of so many calls, one after the other. */
async function codes({ stack }: World, count: number, requestMs?: number): Promise<string[]> {
  const outcomes: string[] = [];
  for (let n = 0; n < count; n++) {
    const call = upstreamCall(METHOD, requestMs);
    outcomes.push(await stack.unary(call).then(() => 'OK', codeOf));
  }
  return outcomes;
}

function codeOf(error: unknown): string {
  return GatewayError.from(error).code;
}

const METHOD = unaryMethod();
const OTHER_KIND = { ...METHOD, readOnly: true };

describe('the circuit of an upstream', () => {
  it.each([2, 4, 13, 14, 15])('opens when its calls end with gRPC code %i', async (code) => {
    const backend = new Backend();
    const world = await backend.world();
    backend.fail(code);
    await codes(world, 3);
    expect(await codes(world, 2)).toEqual(['CIRCUIT_OPEN', 'CIRCUIT_OPEN']);
    expect(backend.calls).toBe(3);
  });

  it.each([3, 5, 6, 7, 8, 9, 10, 11, 12, 16])('stays closed when they end with gRPC code %i', async (code) => {
    const backend = new Backend();
    const world = await backend.world();
    backend.fail(code);
    expect(await codes(world, 6)).not.toContain('CIRCUIT_OPEN');
  });

  it('says what is wrong, until when, and in the words that people search for', async () => {
    const backend = new Backend();
    const world = await backend.world();
    backend.fail(14);
    await codes(world, 3);
    const call = upstreamCall(METHOD);
    const error = GatewayError.from(await world.stack.unary(call).catch((reason: unknown) => reason));
    expect(error.detail).toContain('circuit breaker is open');
    expect(error.retryAfterSeconds).toBeGreaterThanOrEqual(26);
    expect(error.retryAfterSeconds).toBeLessThanOrEqual(33);
    expect(call.context.breakerState).toBe('open');
  });

  it('is another one for reads than for writes', async () => {
    const backend = new Backend();
    const world = await backend.world();
    backend.fail(14);
    await codes(world, 3);
    backend.answer = (call) => call.request;
    await expect(world.stack.unary(upstreamCall(OTHER_KIND))).resolves.toBeDefined();
  });

  it('is not opened by clients that leave', async () => {
    const backend = new Backend();
    const world = await backend.world();
    backend.answer = () => new Promise(() => undefined);
    for (let n = 0; n < 6; n++) {
      const call = upstreamCall(METHOD);
      const sent = backend.calls;
      const failed = failureOf(world.stack.unary(call));
      await expect.poll(() => backend.calls).toBe(sent + 1);
      call.abort.abort();
      expect((await failed).error.code).toBe('CLIENT_CLOSED');
    }
    expect(world.protection.breakers.of(METHOD).state).toBe('closed');
  });

  it('is not opened by clients that give a call no time (FI-31)', async () => {
    const backend = new Backend();
    const world = await backend.world();
    backend.answer = () => new Promise(() => undefined);
    for (let n = 0; n < 6; n++) {
      const call = upstreamCall(METHOD);
      call.context.clientDeadlineAt = performance.now() + 20;
      const { error } = await failureOf(world.stack.unary({ ...call, deadlineAt: call.context.deadlineAt }));
      expect(error.code).toBe('UPSTREAM_TIMEOUT');
    }
    expect(world.protection.breakers.of(METHOD).state).toBe('closed');
  });

  it('is opened by a backend that lets its own time pass', async () => {
    const backend = new Backend();
    const world = await backend.world();
    backend.answer = () => new Promise(() => undefined);
    expect(await codes(world, 4, 30)).toEqual([
      'UPSTREAM_TIMEOUT',
      'UPSTREAM_TIMEOUT',
      'UPSTREAM_TIMEOUT',
      'CIRCUIT_OPEN',
    ]);
  });
});

describe('a try of a half-open circuit (FI-32)', () => {
  const QUICK: Limits = { circuit: { minRequests: 3, openMs: 20, halfOpenMax: 1 } };

  async function halfOpen(backend: Backend): Promise<World> {
    const world = await backend.world(QUICK);
    backend.fail(14);
    await codes(world, 3);
    await expect.poll(() => world.protection.breakers.of(METHOD).state).toBe('half_open');
    return world;
  }

  it('whose client leaves proves nothing: the next call tries', async () => {
    const backend = new Backend();
    const world = await halfOpen(backend);
    backend.answer = () => new Promise(() => undefined);
    const call = upstreamCall(METHOD);
    const failed = failureOf(world.stack.unary(call));
    await expect.poll(() => backend.calls).toBe(4);
    expect(await codes(world, 1)).toEqual(['CIRCUIT_OPEN']);
    call.abort.abort();
    await failed;
    expect(world.protection.breakers.of(METHOD).state).toBe('half_open');
    backend.answer = (next) => next.request;
    expect(await codes(world, 1)).toEqual(['OK']);
    expect(world.protection.breakers.of(METHOD).state).toBe('closed');
  });

  it('that is answered with INVALID_ARGUMENT closes it: the backend works', async () => {
    const backend = new Backend();
    const world = await halfOpen(backend);
    backend.fail(3);
    expect(await codes(world, 1)).toEqual(['INVALID_ARGUMENT']);
    expect(world.protection.breakers.of(METHOD).state).toBe('closed');
  });

  it('that is never answered opens it again when its time is up', async () => {
    const backend = new Backend();
    const world = await halfOpen(backend);
    backend.answer = () => new Promise(() => undefined);
    expect(await codes(world, 1, 50)).toEqual(['UPSTREAM_TIMEOUT']);
    expect(world.protection.breakers.of(METHOD).state).not.toBe('closed');
    expect(await changes(world)).toMatchObject({ open: 2 });
  });
});

/** How often the circuits of `user` changed to each state. */
async function changes({ metrics }: World): Promise<Record<string, number>> {
  const metric = await metrics.registry.getSingleMetric('gateway_circuit_transitions_total')?.get();
  const ofUser = metric?.values.filter(({ labels }) => labels.upstream === 'user') ?? [];
  return Object.fromEntries(ofUser.map(({ labels, value }) => [labels.to, value]));
}

it('a stream counts when its first message comes, however it ends', async () => {
  const world = await stackWorld(
    {
      stream: (call) => {
        const broken = Object.assign(new Error('broken'), { code: 13 });
        call.write(Buffer.from('token'), () => void call.emit('error', broken));
      },
    },
    STRICT,
  );
  worlds.push(world);
  for (let n = 0; n < 6; n++) {
    const stream = await world.stack.openStream(upstreamCall(streamMethod()));
    await expect(drained(stream)).rejects.toMatchObject({ code: 'UPSTREAM_ERROR' });
  }
  expect(world.protection.breakers.of(streamMethod()).state).toBe('closed');
});

async function drained(stream: AsyncIterable<Uint8Array>): Promise<number> {
  let count = 0;
  for await (const message of stream) count += message.length;
  return count;
}

describe('a stream without a first message', () => {
  const method = streamMethod({ stream: { idleTimeoutMs: 60, maxDurationMs: 300_000, maxMessages: 0 } });

  /** Opens streams of a backend that sends nothing, for clients that wait so long. */
  async function open(count: number, clientMs: number): Promise<World> {
    const world = await stackWorld({ stream: () => undefined }, STRICT);
    worlds.push(world);
    for (let n = 0; n < count; n++) {
      const call = upstreamCall(method);
      call.context.clientDeadlineAt = performance.now() + clientMs;
      expect((await failureOf(world.stack.openStream(call))).error.code).toBe('UPSTREAM_TIMEOUT');
    }
    return world;
  }

  it('in the time of its policy counts as a failure, whatever the client would wait for the whole of it', async () => {
    const world = await open(3, 10_000);
    expect(world.protection.breakers.of(method).state).toBe('open');
  });

  it('in less than half of that time does not, for it was the client who did not wait', async () => {
    const world = await open(100, 10);
    expect(world.protection.breakers.of(method).state).toBe('closed');
  });
});

it('a stream that fails before its first message counts as a failure', async () => {
  const world = await stackWorld(
    { stream: (call) => void call.emit('error', Object.assign(new Error('down'), { code: 14 })) },
    STRICT,
  );
  worlds.push(world);
  for (let n = 0; n < 3; n++) await failureOf(world.stack.openStream(upstreamCall(streamMethod())));
  await expect(world.stack.openStream(upstreamCall(streamMethod()))).rejects.toMatchObject({ code: 'CIRCUIT_OPEN' });
});

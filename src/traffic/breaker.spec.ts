import { afterEach, describe, expect, it } from 'vitest';
import { failureOf } from '../../test/support/failure.js';
import type { BytesCall } from '../../test/support/grpc-backend.js';
import { type Limits, stackFixture, type StackFixture } from '../../test/support/stack-fixture.js';
import { unaryMethod, upstreamCall } from '../../test/support/upstream-call.js';
import { GatewayError } from '../domain/errors.js';

const worlds: StackFixture[] = [];
afterEach(() => {
  for (const each of worlds.splice(0)) each.close();
});

const STRICT: Limits = { circuit: { minRequests: 3 } };

/** A backend that does with each call what is wanted at the time. */
class Backend {
  answer: (call: BytesCall) => Promise<Buffer> | Buffer = (call) => call.request;
  calls = 0;

  async fixture(limits: Limits = STRICT): Promise<StackFixture> {
    const made = await stackFixture(
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
async function codes({ stack }: StackFixture, count: number, requestMs?: number): Promise<string[]> {
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
    const fixture = await backend.fixture();
    backend.fail(code);
    await codes(fixture, 3);
    expect(await codes(fixture, 2)).toEqual(['CIRCUIT_OPEN', 'CIRCUIT_OPEN']);
    expect(backend.calls).toBe(3);
  });

  it.each([3, 5, 6, 7, 8, 9, 10, 11, 12, 16])('stays closed when they end with gRPC code %i', async (code) => {
    const backend = new Backend();
    const fixture = await backend.fixture();
    backend.fail(code);
    expect(await codes(fixture, 6)).not.toContain('CIRCUIT_OPEN');
  });

  it('says what is wrong, until when, and in the words that people search for', async () => {
    const backend = new Backend();
    const fixture = await backend.fixture();
    backend.fail(14);
    await codes(fixture, 3);
    const call = upstreamCall(METHOD);
    const error = GatewayError.from(await fixture.stack.unary(call).catch((reason: unknown) => reason));
    expect(error.detail).toContain('circuit breaker is open');
    expect(error.retryAfterSeconds).toBeGreaterThanOrEqual(26);
    expect(error.retryAfterSeconds).toBeLessThanOrEqual(33);
    expect(call.context.breakerState).toBe('open');
  });

  it('is another one for reads than for writes', async () => {
    const backend = new Backend();
    const fixture = await backend.fixture();
    backend.fail(14);
    await codes(fixture, 3);
    backend.answer = (call) => call.request;
    await expect(fixture.stack.unary(upstreamCall(OTHER_KIND))).resolves.toBeDefined();
  });

  it('is not opened by clients that leave', async () => {
    const backend = new Backend();
    const fixture = await backend.fixture();
    backend.answer = () => new Promise(() => undefined);
    for (let n = 0; n < 6; n++) {
      const call = upstreamCall(METHOD);
      const sent = backend.calls;
      const failed = failureOf(fixture.stack.unary(call));
      await expect.poll(() => backend.calls).toBe(sent + 1);
      call.abort.abort();
      expect((await failed).error.code).toBe('CLIENT_CLOSED');
    }
    expect(fixture.protection.breakers.of(METHOD).state).toBe('closed');
  });

  it('is not opened by clients that give a call no time (FI-31)', async () => {
    const backend = new Backend();
    const fixture = await backend.fixture();
    backend.answer = () => new Promise(() => undefined);
    for (let n = 0; n < 6; n++) {
      const call = upstreamCall(METHOD);
      call.context.clientDeadlineAt = performance.now() + 20;
      const { error } = await failureOf(fixture.stack.unary({ ...call, deadlineAt: call.context.deadlineAt }));
      expect(error.code).toBe('UPSTREAM_TIMEOUT');
    }
    expect(fixture.protection.breakers.of(METHOD).state).toBe('closed');
  });

  it('is opened by a backend that lets its own time pass', async () => {
    const backend = new Backend();
    const fixture = await backend.fixture();
    backend.answer = () => new Promise(() => undefined);
    const seen: string[] = [];
    const next = async () => {
      seen.push(...(await codes(fixture, 1, 200)));
      return seen.at(-1);
    };
    // A call whose time this process stood still for does not count.
    await expect.poll(next).toBe('CIRCUIT_OPEN');
    expect(seen.slice(0, 3)).toEqual(['UPSTREAM_TIMEOUT', 'UPSTREAM_TIMEOUT', 'UPSTREAM_TIMEOUT']);
  });
});

describe('a try of a half-open circuit (FI-32)', () => {
  const QUICK: Limits = { circuit: { minRequests: 3, openMs: 20, halfOpenMax: 1 } };

  async function halfOpen(backend: Backend): Promise<StackFixture> {
    const fixture = await backend.fixture(QUICK);
    backend.fail(14);
    await codes(fixture, 3);
    await expect.poll(() => fixture.protection.breakers.of(METHOD).state).toBe('half_open');
    return fixture;
  }

  it('whose client leaves proves nothing: the next call tries', async () => {
    const backend = new Backend();
    const fixture = await halfOpen(backend);
    backend.answer = () => new Promise(() => undefined);
    const call = upstreamCall(METHOD);
    const failed = failureOf(fixture.stack.unary(call));
    await expect.poll(() => backend.calls).toBe(4);
    expect(await codes(fixture, 1)).toEqual(['CIRCUIT_OPEN']);
    call.abort.abort();
    await failed;
    expect(fixture.protection.breakers.of(METHOD).state).toBe('half_open');
    backend.answer = (next) => next.request;
    expect(await codes(fixture, 1)).toEqual(['OK']);
    expect(fixture.protection.breakers.of(METHOD).state).toBe('closed');
  });

  it('that is answered with INVALID_ARGUMENT closes it: the backend works', async () => {
    const backend = new Backend();
    const fixture = await halfOpen(backend);
    backend.fail(3);
    expect(await codes(fixture, 1)).toEqual(['INVALID_ARGUMENT']);
    expect(fixture.protection.breakers.of(METHOD).state).toBe('closed');
  });

  it('that is never answered opens it again when its time is up', async () => {
    const backend = new Backend();
    const fixture = await halfOpen(backend);
    backend.answer = () => new Promise(() => undefined);
    const opened = async () => {
      await codes(fixture, 1, 200);
      return (await changes(fixture)).open;
    };
    await expect.poll(opened).toBe(2);
    expect(fixture.protection.breakers.of(METHOD).state).not.toBe('closed');
  });
});

/** How often the circuits of `user` changed to each state. */
async function changes({ metrics }: StackFixture): Promise<Record<string, number>> {
  const metric = await metrics.registry.getSingleMetric('gateway_circuit_transitions_total')?.get();
  const ofUser = metric?.values.filter(({ labels }) => labels.upstream === 'user') ?? [];
  return Object.fromEntries(ofUser.map(({ labels, value }) => [labels.to, value]));
}

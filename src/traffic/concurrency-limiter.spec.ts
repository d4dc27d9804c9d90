import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { block } from '../../test/support/block.js';
import { type ConcurrencyLimits, ConcurrencyLimiter, type WaitOutcome } from './concurrency-limiter.js';

const LIMITS: ConcurrencyLimits = {
  capacity: 4,
  tenantCapacity: 4,
  queueSize: 8,
  queueTimeoutMs: 50,
  weights: new Map(),
};
const LONG_MS = 60_000;
/** The longest wait is over once the sockets have been polled after it, eight times, each of which takes a fake millisecond. */
const WAITED_MS = LIMITS.queueTimeoutMs + 8;
const signal = new AbortController().signal;

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function limiter(limits: Partial<ConcurrencyLimits> = {}): ConcurrencyLimiter {
  return new ConcurrencyLimiter({ ...LIMITS, ...limits });
}

/** Takes all places for a tenant. */
function full(tenant: string, limits: Partial<ConcurrencyLimits> = {}): ConcurrencyLimiter {
  const made = limiter(limits);
  while (made.tryAcquire(tenant));
  return made;
}

/** Waits, and notes who was served in which order. */
function wait(at: ConcurrencyLimiter, tenant: string, order: string[], remainingMs = LONG_MS): Promise<WaitOutcome> {
  return at.wait(tenant, remainingMs, signal).then((outcome) => {
    if (outcome === 'taken') order.push(tenant);
    return outcome;
  });
}

describe('free places', () => {
  it('are taken until there are none', () => {
    const made = full('acme');
    expect(made.inUse).toBe(4);
    made.release('acme');
    expect(made.tryAcquire('globex')).toBe(true);
    expect(made.tryAcquire('globex')).toBe(false);
  });

  it('are kept for others when one tenant has its share', () => {
    const made = full('acme', { tenantCapacity: 3 });
    expect(made.inUse).toBe(3);
    expect(made.tryAcquire('globex')).toBe(true);
  });
});

describe('calls that wait', () => {
  it('are served in the order they came, each as soon as a place is free', async () => {
    const made = full('acme');
    const order: string[] = [];
    const waits = ['a', 'b', 'c'].map((tenant) => wait(made, tenant, order));
    expect(made.queued).toBe(3);
    for (let n = 0; n < 3; n++) made.release('acme');
    expect(await Promise.all(waits)).toEqual(['taken', 'taken', 'taken']);
    expect(order).toEqual(['a', 'b', 'c']);
    expect([made.inUse, made.queued]).toEqual([4, 0]);
  });

  it('of a tenant that has none go before those of a tenant that has many', async () => {
    const made = full('acme');
    const order: string[] = [];
    const waits = ['acme', 'acme', 'globex'].map((tenant) => wait(made, tenant, order));
    made.release('acme');
    made.release('acme');
    made.release('acme');
    await Promise.all(waits);
    expect(order).toEqual(['globex', 'acme', 'acme']);
  });

  it('share places by weight', async () => {
    const made = full('other', { capacity: 8, tenantCapacity: 8, queueSize: 32, weights: new Map([['acme', 3]]) });
    const order: string[] = [];
    const waits = Array.from({ length: 16 }, (_, n) => wait(made, n % 2 === 0 ? 'globex' : 'acme', order));
    for (let n = 0; n < 8; n++) made.release('other');
    await vi.advanceTimersByTimeAsync(0);
    expect(order.filter((tenant) => tenant === 'acme')).toHaveLength(6);
    expect(order.filter((tenant) => tenant === 'globex')).toHaveLength(2);
    await vi.advanceTimersByTimeAsync(LONG_MS);
    await Promise.all(waits);
  });

  it('do not hold up others when their own tenant has its share', async () => {
    const made = full('acme', { tenantCapacity: 3 });
    const order: string[] = [];
    const waiting = wait(made, 'acme', order);
    expect(made.tryAcquire('globex')).toBe(true);
    made.release('globex');
    expect(made.queued).toBe(1);
    made.release('acme');
    expect(await waiting).toBe('taken');
  });

  it('are refused at once when the queue is full', async () => {
    const made = full('acme', { queueSize: 1 });
    const waiting = made.wait('a', LONG_MS, signal);
    expect(await made.wait('b', LONG_MS, signal)).toBe('capacity');
    await vi.advanceTimersByTimeAsync(WAITED_MS);
    expect(await waiting).toBe('timeout');
  });

  it('are given up after the longest wait', async () => {
    const made = full('acme');
    const waiting = made.wait('a', LONG_MS, signal);
    await vi.advanceTimersByTimeAsync(49);
    expect(made.queued).toBe(1);
    await vi.advanceTimersByTimeAsync(WAITED_MS - 49);
    expect(await waiting).toBe('timeout');
    expect(made.queued).toBe(0);
  });

  it.each([60, 200, 1200])('are not given up for a pause of this process of %d ms', async (ms) => {
    vi.useRealTimers();
    const made = full('acme');
    const waiting = made.wait('a', LONG_MS, signal);
    // The answer that frees a place arrived meanwhile, and is read after the timers have run.
    setTimeout(() => setImmediate(() => made.release('acme')), 1);
    block(ms);
    expect(await waiting).toBe('taken');
  });

  it('are not sent when a pause has left them no time', async () => {
    vi.useRealTimers();
    const made = full('acme');
    const waiting = made.wait('a', 40, signal);
    setTimeout(() => setImmediate(() => made.release('acme')), 1);
    block(60);
    expect(await waiting).toBe('timeout');
    expect(made.inUse).toBe(3);
  });

  it('are given up as soon as half of their kind could not be answered in the time that is left', async () => {
    const made = full('acme');
    for (let n = 0; n < 200; n++) made.note(100);
    expect(await made.wait('a', 90, signal)).toBe('timeout');
    const waiting = made.wait('b', 130, signal);
    await vi.advanceTimersByTimeAsync(41);
    expect(await waiting).toBe('timeout');
  });

  it('are not served when their client has left', async () => {
    const made = full('acme');
    const left = new AbortController();
    const waiting = made.wait('a', LONG_MS, left.signal);
    left.abort();
    made.release('acme');
    expect(await waiting).toBe('aborted');
    expect([made.inUse, made.queued]).toEqual([3, 0]);
  });

  it('leave the queue as soon as their client does, and leave nothing behind', async () => {
    const made = full('acme', { queueSize: 2 });
    const left = new AbortController();
    const waits = [made.wait('a', LONG_MS, left.signal), made.wait('b', LONG_MS, left.signal)];
    left.abort();
    expect(await Promise.all(waits)).toEqual(['aborted', 'aborted']);
    expect(made.queued).toBe(0);
    expect(await made.wait('a', LONG_MS, left.signal)).toBe('aborted');
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('a full queue', () => {
  /** Outcomes of waits in the order of their names: `a1` is the first of tenant `a`. */
  async function outcomes(made: ConcurrencyLimiter, names: readonly string[]): Promise<Record<string, WaitOutcome>> {
    const settled = Promise.all(names.map(async (name) => [name, await made.wait(name[0]!, LONG_MS, signal)] as const));
    await vi.advanceTimersByTimeAsync(WAITED_MS);
    return Object.fromEntries(await settled);
  }

  it.each([
    ['the newest call of the longest line', ['a1', 'a2', 'a3', 'b1'], new Map(), { a3: 'displaced' }],
    ['none of a line that is as long as its own', ['a1', 'b1', 'c1', 'b2'], new Map(), { b2: 'capacity' }],
    ['the caller itself when its line is the longest', ['a1', 'a2', 'a3', 'a4'], new Map(), { a4: 'capacity' }],
    ['until the lines are equal', ['a1', 'a2', 'a3', 'b1', 'b2'], new Map(), { a3: 'displaced', b2: 'capacity' }],
    ['less of a tenant with a greater weight', ['a1', 'b1', 'b2', 'a2'], new Map([['b', 3]]), { a2: 'capacity' }],
    ['more for a tenant with a greater weight', ['a1', 'a2', 'b1', 'b2'], new Map([['b', 3]]), { a2: 'displaced' }],
  ] as const)('drops %s', async (_, names, weights, dropped) => {
    const made = full('other', { queueSize: 3, weights });
    const expected = Object.fromEntries(names.map((name) => [name, 'timeout']));
    expect(await outcomes(made, names)).toEqual({ ...expected, ...dropped });
  });

  it('of one tenant refuses nobody else: each of many tenants has its call served', async () => {
    const made = full('noisy', { capacity: 8, queueSize: 128, tenantCapacity: 6 });
    made.tryAcquire('other');
    made.tryAcquire('other');
    const noisy = Array.from({ length: 400 }, () => made.wait('noisy', LONG_MS, signal));
    const quiet = Array.from({ length: 60 }, (_, n) => made.wait(`quiet-${n}`, LONG_MS, signal));
    expect(made.queued).toBe(128);
    for (let n = 0; n < 60; n++) made.release(n < 2 ? 'other' : `quiet-${n - 2}`);
    expect(new Set(await Promise.all(quiet))).toEqual(new Set(['taken']));
    await vi.advanceTimersByTimeAsync(WAITED_MS);
    const counts = Object.groupBy(await Promise.all(noisy), (outcome) => outcome);
    expect(counts).toMatchObject({ capacity: { length: 272 }, displaced: { length: 60 }, timeout: { length: 68 } });
  });
});

it('nothing is kept of tenants that have no calls under way', () => {
  const made = limiter();
  for (let n = 0; n < 10_000; n++) {
    made.tryAcquire(`tenant-${n}`);
    made.release(`tenant-${n}`);
  }
  expect(Reflect.get(made, 'byTenant')).toHaveProperty('size', 0);
});

it('nothing is kept of tenants whose calls waited', async () => {
  const made = full('acme', { queueSize: 1_000 });
  const waits = Array.from({ length: 1_000 }, (_, n) => made.wait(`tenant-${n}`, LONG_MS, signal));
  await vi.advanceTimersByTimeAsync(WAITED_MS);
  await Promise.all(waits);
  const lines: object = Reflect.get(made, 'lines');
  expect(Reflect.get(lines, 'lines')).toHaveProperty('size', 0);
  for (const heap of ['ready', 'longest']) expect(Reflect.get(lines, heap)).toHaveProperty('first', undefined);
});

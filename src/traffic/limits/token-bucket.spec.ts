import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { clusterLimit, instanceLimit } from './limit.js';
import { refillMs, take, tokens, waitMs } from './token-bucket.js';

/** A bucket whose clock the test turns. */
class Bucket {
  private fullAt = 0;

  constructor(
    private readonly limit: ReturnType<typeof instanceLimit>,
    public now = 0,
  ) {}

  get tokens(): number {
    return tokens(this.limit, refillMs(this.limit, this.fullAt, this.now));
  }

  /** The wait; 0 when the tokens were taken. */
  take(cost = 1): number {
    const refill = refillMs(this.limit, this.fullAt, this.now);
    const wait = waitMs(this.limit, refill, cost);
    if (wait === 0) this.fullAt = this.now + take(this.limit, refill, cost);
    return wait;
  }
}

const tenPerSecond = instanceLimit('tenant', { maxRate: 10, capacity: 3, everyMs: 1000 });

describe('a token bucket', () => {
  it('lets a burst pass, then one request an interval', () => {
    const bucket = new Bucket(tenPerSecond);
    expect([bucket.take(), bucket.take(), bucket.take()]).toEqual([0, 0, 0]);
    expect(bucket.take()).toBeCloseTo(100);
    bucket.now = 99;
    expect(bucket.take()).toBeCloseTo(1);
    bucket.now = 100;
    expect(bucket.take()).toBe(0);
    expect(bucket.tokens).toBe(0);
  });

  it('is never fuller than its capacity', () => {
    const bucket = new Bucket(tenPerSecond);
    bucket.take();
    bucket.now = 1e9;
    expect(bucket.tokens).toBe(3);
  });

  it('takes nothing from a request that it turns away', () => {
    const bucket = new Bucket(tenPerSecond);
    bucket.take(2);
    expect(bucket.take(2)).toBeGreaterThan(0);
    expect(bucket.take(1)).toBe(0);
  });

  it('lets a request pass that costs more than it can hold, when it is full', () => {
    const bucket = new Bucket(tenPerSecond);
    expect(bucket.take(10)).toBe(0);
    expect(bucket.take(10)).toBeCloseTo(300);
  });

  it('of an old limit is of no harm under a new one', () => {
    const slow = instanceLimit('tenant', { maxRate: 1, capacity: 3600, everyMs: 1000 });
    const emptied = take(slow, 0, 3600);
    expect(waitMs(tenPerSecond, refillMs(tenPerSecond, emptied, 0), 1)).toBeCloseTo(100);
  });

  it('admits, whatever comes when, no more than its capacity and its rate', () => {
    const rates = fc.record({
      maxRate: fc.integer({ min: 1, max: 1000 }),
      capacity: fc.integer({ min: 1, max: 50 }),
      everyMs: fc.constantFrom(1000, 60_000),
    });
    const arrivals = fc.array(fc.record({ after: fc.nat(500), cost: fc.integer({ min: 1, max: 5 }) }), {
      maxLength: 200,
    });
    fc.assert(
      fc.property(rates, arrivals, (rate, requests) => {
        const bucket = new Bucket(instanceLimit('tenant', rate));
        let admitted = 0;
        for (const { after, cost } of requests) {
          bucket.now += after;
          if (bucket.take(cost) === 0) admitted += Math.min(cost, rate.capacity);
        }
        expect(admitted).toBeLessThanOrEqual(rate.capacity + (bucket.now * rate.maxRate) / rate.everyMs + 1e-3);
      }),
    );
  });
});

describe('the part of one instance', () => {
  it('is the limit divided by the instances, in rate and in capacity', () => {
    const { whole, share } = clusterLimit('tenant', { maxRate: 100, capacity: 200, everyMs: 1000 }, 3);
    expect(whole).toMatchObject({ capacity: 200, intervalMs: 10, policy: '"tenant";q=200;w=2' });
    expect(share).toMatchObject({ capacity: 66, intervalMs: 30, policy: '"tenant";q=66;w=2' });
  });

  it('holds one token at least', () => {
    expect(clusterLimit('user', { maxRate: 1, capacity: 2, everyMs: 1000 }, 5).share.capacity).toBe(1);
  });
});

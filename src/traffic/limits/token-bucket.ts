import type { Limit } from './limit.js';

/** Sums of fractions of a millisecond come out a little off; less than this is nothing. */
const EPSILON = 1e-6;

/**
 * Token buckets by the generic cell rate algorithm: the whole state of one is the moment at which it will be full again,
 * and no timer refills it. A bucket never filled is full. Times are in ms of any clock that only goes forward.
 */

/** How long a bucket takes to be full again; never longer than an empty one does, also when its limit was changed meanwhile. */
export function refillMs(limit: Limit, fullAt: number, now: number): number {
  return Math.min(Math.max(0, fullAt - now), limit.capacity * limit.intervalMs);
}

/** What a request takes. One that costs more than the bucket holds takes all of it, or it could never pass. */
export function effectiveCost(limit: Limit, cost: number): number {
  return Math.min(cost, limit.capacity);
}

/** How long until a bucket has `cost` tokens; 0 when it has them. */
export function waitMs(limit: Limit, refill: number, cost: number): number {
  const wait = refill + (effectiveCost(limit, cost) - limit.capacity) * limit.intervalMs;
  return wait > EPSILON ? wait : 0;
}

/** The refill time of a bucket from which `cost` tokens are taken, or as many as it has. */
export function take(limit: Limit, refill: number, cost: number): number {
  return Math.min(refill + effectiveCost(limit, cost) * limit.intervalMs, limit.capacity * limit.intervalMs);
}

/** Whole tokens in a bucket. */
export function tokens(limit: Limit, refill: number): number {
  return Math.floor(limit.capacity - refill / limit.intervalMs + EPSILON);
}

import type { Limit } from './limit.js';

/** Tolerance for rounding errors of fractions of a millisecond. */
const EPSILON = 1e-6;

/**
 * Token buckets by the generic cell rate algorithm: the whole state of a bucket is the moment at which it will be
 * full again, so no timer refills it. An unused bucket is full. Times are in ms of any monotonic clock.
 */

/**
 * Returns the time until a bucket is full again; at most that of an empty one, even if its limit was changed
 * meanwhile.
 */
export function refillMs(limit: Limit, fullAt: number, now: number): number {
  return Math.min(Math.max(0, fullAt - now), limit.capacity * limit.intervalMs);
}

/**
 * Returns the tokens that a request takes. One that costs more than the capacity takes all of it, or it could never
 * pass.
 */
export function effectiveCost(limit: Limit, cost: number): number {
  return Math.min(cost, limit.capacity);
}

/** Returns the time until a bucket has `cost` tokens; 0 when it has them. */
export function waitMs(limit: Limit, refill: number, cost: number): number {
  const wait = refill + (effectiveCost(limit, cost) - limit.capacity) * limit.intervalMs;
  return wait > EPSILON ? wait : 0;
}

/** Returns the refill time of a bucket after `cost` tokens, or as many as it has, are taken. */
export function take(limit: Limit, refill: number, cost: number): number {
  return Math.min(refill + effectiveCost(limit, cost) * limit.intervalMs, limit.capacity * limit.intervalMs);
}

/** Returns the number of whole tokens in a bucket. */
export function tokens(limit: Limit, refill: number): number {
  return Math.floor(limit.capacity - refill / limit.intervalMs + EPSILON);
}

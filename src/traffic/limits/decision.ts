import type { BucketState } from '../../domain/rate-limit.js';
import type { Bucket } from './bucket-store.js';
import type { ClusterLimit, Limit } from './limit.js';
import { refillMs, take, tokens, waitMs } from './token-bucket.js';

/** Number of tokens that a request needs from one bucket. */
export interface Demand {
  readonly bucket: Bucket;
  readonly limit: ClusterLimit;
  readonly cost: number;
}

/** Outcome of the demands of a request: all of them are met, or nothing is taken from any bucket. */
export interface Decision {
  readonly store: 'global' | 'local';
  readonly admitted: boolean;
  readonly buckets: readonly BucketState[];
}

/** Decides by what this instance has admitted, against its share of each limit. */
export function decideLocally(demands: readonly Demand[], now: number): Decision {
  let admitted = true;
  for (const { bucket, limit, cost } of demands) {
    if (waitMs(limit.share, refillMs(limit.share, bucket.fullAt, now), cost) > 0) admitted = false;
  }
  return { store: 'local', admitted, buckets: demands.map((demand) => settle(demand, admitted, now)) };
}

/** Records locally what the shared store admitted, so that an outage of the store does not reset any count. */
export function countLocally(demands: readonly Demand[], now: number): void {
  for (const { bucket, limit, cost } of demands) {
    bucket.fullAt = now + take(limit.share, refillMs(limit.share, bucket.fullAt, now), cost);
  }
}

/** Returns the state of a bucket with `remaining` tokens. */
export function bucketState(limit: Limit, remaining: number, wait: number): BucketState {
  const { scope, capacity, policy, intervalMs } = limit;
  return { scope, capacity, policy, remaining, refillMs: (capacity - remaining) * intervalMs, waitMs: wait };
}

function settle({ bucket, limit, cost }: Demand, admitted: boolean, now: number): BucketState {
  const { share } = limit;
  const refill = refillMs(share, bucket.fullAt, now);
  if (!admitted) return bucketState(share, tokens(share, refill), waitMs(share, refill, cost));
  const left = take(share, refill, cost);
  bucket.fullAt = now + left;
  return bucketState(share, tokens(share, left), 0);
}

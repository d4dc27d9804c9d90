import type { RateLimitScope } from '../../domain/rate-limit.js';
import { Bucket, type BucketStore } from './bucket-store.js';
import type { Demand } from './decision.js';
import { refillMs, tokens, waitMs } from './token-bucket.js';

/** The buckets of each kind. */
export type BucketSources = Readonly<Record<RateLimitScope, Pick<BucketStore, 'get'>>>;

/** What one limit would decide about a request. */
export interface BucketPreview {
  readonly scope: RateLimitScope;
  readonly capacity: number;
  /** The limit as an item of the RateLimit-Policy field. */
  readonly policy: string;
  readonly cost: number;
  /** Whole tokens before the request. */
  readonly remaining: number;
  /** Time until it has the required tokens; 0 when it has them. */
  readonly waitMs: number;
}

/** Returns a view of a store that adds nothing to it: an owner without a bucket gets a full one. */
export function peeking(store: BucketStore): Pick<BucketStore, 'get'> {
  return { get: (owner) => store.peek(owner) ?? new Bucket('') };
}

/**
 * Returns the state of a bucket without taking tokens.
 * @param isShared true when all instances count together, so that the whole limit applies.
 */
export function previewBucket({ bucket, limit, cost }: Demand, now: number, isShared: boolean): BucketPreview {
  const each = isShared ? limit.whole : limit.share;
  const refill = refillMs(each, bucket.fullAt, now);
  const { scope, capacity, policy } = each;
  return { scope, capacity, policy, cost, remaining: tokens(each, refill), waitMs: waitMs(each, refill, cost) };
}

/** Owner of a bucket: a client address, a tenant, a caller, or a tenant (or address) on one route. */
export const RATE_LIMIT_SCOPES = ['ip', 'tenant', 'user', 'route'] as const;
export type RateLimitScope = (typeof RATE_LIMIT_SCOPES)[number];

/**
 * Outcomes of rate limiting. `fail_open`: admitted by this instance's own count, against its share of the limit,
 * because the shared store was unavailable; the request was still checked. `dry_run`: would have been denied.
 */
export const RATE_LIMIT_OUTCOMES = ['allowed', 'denied', 'fail_open', 'dry_run'] as const;
export type RateLimitOutcome = (typeof RATE_LIMIT_OUTCOMES)[number];

/** State of a bucket after a request. */
export interface BucketState {
  readonly scope: RateLimitScope;
  /** Maximum number of tokens. */
  readonly capacity: number;
  /** The bucket as an item of the RateLimit-Policy field. */
  readonly policy: string;
  /** Number of whole tokens that are left. */
  readonly remaining: number;
  /** Time until the bucket is full, in ms. */
  readonly refillMs: number;
  /** Time until the requested tokens are available, in ms; 0 when they were available. */
  readonly waitMs: number;
}

/** Result of the limits for a request. */
export interface RateLimitVerdict {
  readonly outcome: RateLimitOutcome;
  /** Where requests are counted: across all instances, or in this one. */
  readonly store: 'global' | 'local';
  /** Buckets that were checked; never empty. */
  readonly buckets: readonly BucketState[];
}

/**
 * Returns the bucket that a caller exhausts first: the one with the longest wait, otherwise the one with the smallest
 * remaining share.
 */
export function tightestBucket({ buckets }: RateLimitVerdict): BucketState | undefined {
  let tightest: BucketState | undefined;
  for (const bucket of buckets) if (tightest === undefined || isTighter(bucket, tightest)) tightest = bucket;
  return tightest;
}

function isTighter(one: BucketState, other: BucketState): boolean {
  if (one.waitMs !== other.waitMs) return one.waitMs > other.waitMs;
  return one.remaining * other.capacity < other.remaining * one.capacity;
}

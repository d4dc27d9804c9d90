/** What a bucket belongs to: a client's address, a tenant, a caller, or a tenant (or address) on one route. */
export const RATE_LIMIT_SCOPES = ['ip', 'tenant', 'user', 'route'] as const;
export type RateLimitScope = (typeof RATE_LIMIT_SCOPES)[number];

/**
 * `fail_open`: admitted by this instance's own count, against its share of the limit, because the shared store could not
 * be asked; it does not mean that nothing was checked. `dry_run`: would have been denied.
 */
export const RATE_LIMIT_OUTCOMES = ['allowed', 'denied', 'fail_open', 'dry_run'] as const;
export type RateLimitOutcome = (typeof RATE_LIMIT_OUTCOMES)[number];

/** A bucket as a request left it. */
export interface BucketState {
  readonly scope: RateLimitScope;
  /** Most tokens at once. */
  readonly capacity: number;
  /** The bucket as an item of the RateLimit-Policy field. */
  readonly policy: string;
  /** Whole tokens that are left. */
  readonly remaining: number;
  /** Until the bucket is full. */
  readonly refillMs: number;
  /** Until it has the tokens that were asked for; 0 when it had them. */
  readonly waitMs: number;
}

/** What the limits said to a request. */
export interface RateLimitVerdict {
  readonly outcome: RateLimitOutcome;
  /** Whose count it is: that of all instances, or that of this one. */
  readonly store: 'global' | 'local';
  /** Those that were asked; never empty. */
  readonly buckets: readonly BucketState[];
}

/** The bucket that a caller runs into first: the one with the longest wait, else the one with the smallest part left. */
export function tightestBucket({ buckets }: RateLimitVerdict): BucketState | undefined {
  let tightest: BucketState | undefined;
  for (const bucket of buckets) if (tightest === undefined || isTighter(bucket, tightest)) tightest = bucket;
  return tightest;
}

function isTighter(one: BucketState, other: BucketState): boolean {
  if (one.waitMs !== other.waitMs) return one.waitMs > other.waitMs;
  return one.remaining * other.capacity < other.remaining * one.capacity;
}

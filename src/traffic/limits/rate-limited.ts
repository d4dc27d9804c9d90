import { GatewayError } from '../../domain/errors.js';
import { type BucketState, type RateLimitVerdict, tightestBucket } from '../../domain/rate-limit.js';

/**
 * Retry-After is jittered by a further quarter, at least one second, so that denied clients do not return in step.
 */
const SPREAD_PART = 4;

const REASONS = {
  ip: 'this address sends too many requests.',
  tenant: "the caller's tenant has used up its rate.",
  user: 'the caller has used up their rate.',
  route: 'this route is called too often.',
} as const;

/** Returns the error of a denied request. */
export function rateLimited(verdict: RateLimitVerdict, random: () => number): GatewayError {
  const violated = verdict.buckets.filter(({ waitMs }) => waitMs > 0);
  const tightest = tightestBucket(verdict);
  const scope = tightest?.scope ?? 'tenant';
  return new GatewayError('RATE_LIMITED', `rate limit exceeded: ${REASONS[scope]}`, {
    retryAfterSeconds: retryAfter(tightest, random),
    headers: { 'x-ratelimit-dimension': scope },
    members: { 'violated-policies': violated.map((bucket) => bucket.scope) },
  });
}

function retryAfter(bucket: BucketState | undefined, random: () => number): number {
  const seconds = Math.max(1, Math.ceil((bucket?.waitMs ?? 0) / 1000));
  const spread = Math.ceil(seconds / SPREAD_PART);
  return seconds + Math.floor(random() * (spread + 1));
}

import type { RatePolicy } from '../../domain/policy.js';
import type { RateLimitScope } from '../../domain/rate-limit.js';

/** What a token bucket holds, and how fast it fills. */
export interface Limit {
  readonly scope: RateLimitScope;
  /** Most tokens at once. */
  readonly capacity: number;
  /** In which one token comes, in ms. */
  readonly intervalMs: number;
  /** The limit as an item of the RateLimit-Policy field (draft-ietf-httpapi-ratelimit-headers-11): `"tenant";q=200;w=2`. */
  readonly policy: string;
}

/** A limit of all instances together, and the part that each one grants while they cannot count together. */
export interface ClusterLimit {
  readonly whole: Limit;
  readonly share: Limit;
}

/** @param replicas instances that share the limit. */
export function clusterLimit(scope: RateLimitScope, rate: RatePolicy, replicas: number): ClusterLimit {
  const whole = instanceLimit(scope, rate);
  return { whole, share: replicas === 1 ? whole : instanceLimit(scope, rate, replicas) };
}

/** What one of several instances grants. A bucket holds one token at least, or nobody could ever call. */
export function instanceLimit(scope: RateLimitScope, rate: RatePolicy, replicas = 1): Limit {
  const capacity = Math.max(1, Math.floor(rate.capacity / replicas));
  const intervalMs = (rate.everyMs / rate.maxRate) * replicas;
  const windowSeconds = Math.max(1, Math.ceil((capacity * intervalMs) / 1000));
  return Object.freeze({ scope, capacity, intervalMs, policy: `"${scope}";q=${capacity};w=${windowSeconds}` });
}

import type { RatePolicy } from '../../domain/policy.js';
import type { RateLimitScope } from '../../domain/rate-limit.js';

/** Capacity and refill rate of a token bucket. */
export interface Limit {
  readonly scope: RateLimitScope;
  /** Maximum number of tokens. */
  readonly capacity: number;
  /** Time in which one token is added, in ms. */
  readonly intervalMs: number;
  /** The limit as an item of the RateLimit-Policy field (draft-ietf-httpapi-ratelimit-headers-11): `"tenant";q=200;w=2`. */
  readonly policy: string;
}

/** A limit of all instances together, and the share of each one while they cannot count together. */
export interface ClusterLimit {
  readonly whole: Limit;
  readonly share: Limit;
}

/**
 * Returns the limit of a rate for a number of instances.
 * @param replicas instances that share the limit.
 */
export function clusterLimit(scope: RateLimitScope, rate: RatePolicy, replicas: number): ClusterLimit {
  const whole = instanceLimit(scope, rate);
  return { whole, share: replicas === 1 ? whole : instanceLimit(scope, rate, replicas) };
}

/** Returns the share of one of several instances. A bucket holds at least one token, or nobody could ever call. */
export function instanceLimit(scope: RateLimitScope, rate: RatePolicy, replicas = 1): Limit {
  const capacity = Math.max(1, Math.floor(rate.capacity / replicas));
  const intervalMs = (rate.everyMs / rate.maxRate) * replicas;
  const windowSeconds = Math.max(1, Math.ceil((capacity * intervalMs) / 1000));
  return Object.freeze({ scope, capacity, intervalMs, policy: `"${scope}";q=${capacity};w=${windowSeconds}` });
}

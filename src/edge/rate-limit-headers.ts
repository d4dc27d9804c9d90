import type { FastifyReply } from 'fastify';
import type { RateLimitVerdict } from '../domain/rate-limit.js';

/**
 * Writes the rate limit headers (draft-ietf-httpapi-ratelimit-headers-11) of every response to which a limit applies.
 * X-RateLimit-Scope says where requests are counted: `global` for all instances, `local` for this one.
 * @param retryAfterSeconds value of Retry-After; a bucket that denied reports no earlier reset.
 */
export function writeRateLimit(reply: FastifyReply, { store, buckets }: RateLimitVerdict, retryAfterSeconds = 0): void {
  let policies = '';
  let states = '';
  for (const { scope, policy, remaining, refillMs, waitMs } of buckets) {
    const separator = policies === '' ? '' : ', ';
    policies += separator + policy;
    const full = Math.max(Math.ceil(refillMs / 1000), waitMs > 0 ? retryAfterSeconds : 0);
    states += `${separator}"${scope}";r=${remaining};t=${full}`;
  }
  void reply.header('ratelimit-policy', policies).header('ratelimit', states).header('x-ratelimit-scope', store);
}

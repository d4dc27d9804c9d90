import type { FastifyReply } from 'fastify';
import type { RateLimitVerdict } from '../domain/rate-limit.js';

/**
 * Tells a client where it stands (draft-ietf-httpapi-ratelimit-headers-11), on every answer to which a limit applies.
 * X-RateLimit-Scope says whose count it is: `global` of all instances, `local` of the one that answers.
 * @param retryAfterSeconds what Retry-After says; a bucket that denied promises nothing before then.
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

import type { FastifyReply } from 'fastify';
import type { RateLimitVerdict } from '../domain/rate-limit.js';

/**
 * Tells a client where it stands (draft-ietf-httpapi-ratelimit-headers-11), on every answer to which a limit applies.
 * X-RateLimit-Scope says whose count it is: `global` of all instances, `local` of the one that answers.
 */
export function writeRateLimit(reply: FastifyReply, { store, buckets }: RateLimitVerdict): void {
  let policies = '';
  let states = '';
  for (const { scope, policy, remaining, refillMs, waitMs } of buckets) {
    const separator = policies === '' ? '' : ', ';
    policies += separator + policy;
    states += `${separator}"${scope}";r=${remaining};t=${Math.ceil(Math.max(refillMs, waitMs) / 1000)}`;
  }
  void reply.header('ratelimit-policy', policies).header('ratelimit', states).header('x-ratelimit-scope', store);
}

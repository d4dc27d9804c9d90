import { duration } from '../unit-parsers.js';
import { redisUrl } from '../redis-url.js';
import { defaulted, optional } from '../setting.js';
import { keyMaterial } from '../string-parsers.js';

/** The optional shared store. Without it every instance works on its own. */
export const redisSettings = {
  REDIS_URL: optional(redisUrl, {
    description:
      'Store that the instances share: `redis://` or, encrypted, `rediss://`. Unset: each instance works on its own.',
    example: 'redis://:password@redis:6379/0',
  }),
  GATEWAY_REDIS_COMMAND_TIMEOUT: defaulted(duration({ min: 1, max: 5000 }), '50ms', {
    description: 'Longest that a request waits for Redis, once; until Redis answers again no request waits at all.',
  }),
  GATEWAY_CACHE_KEY: optional(keyMaterial, {
    description:
      'Encrypts what is cached in Redis (AES-256-GCM): validated credentials, answers, requests with an `Idempotency-Key`, messages of streams that can be resumed; the same in all instances. Unset: each instance keeps them in its memory.',
  }),
  GATEWAY_CACHE_KEY_PREVIOUS: optional(keyMaterial, {
    description: 'The key before this one: what it encrypted can still be read while it is being rotated.',
  }),
};

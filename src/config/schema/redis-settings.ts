import { duration } from '../unit-parsers.js';
import { redisUrl } from '../redis-url.js';
import { defaulted, optional } from '../setting.js';
import { keyMaterial } from '../string-parsers.js';

/** Settings of Redis, the optional store that the instances share. */
export const redisSettings = {
  REDIS_URL: optional(redisUrl, {
    description:
      'URL of the store that the instances share: `redis://` or, with TLS, `rediss://`. Unset: each instance works on its own.',
    example: 'redis://:password@redis:6379/0',
  }),
  GATEWAY_REDIS_COMMAND_TIMEOUT: defaulted(duration({ min: 1, max: 5000 }), '50ms', {
    description:
      'Maximum time that a request waits for Redis. After a timeout requests do not wait until Redis responds again.',
  }),
  GATEWAY_CACHE_KEY: optional(keyMaterial, {
    description:
      'Key that encrypts cached data in Redis (AES-256-GCM): validated credentials, responses, requests with an `Idempotency-Key`, messages of resumable streams. It must be the same in all instances. Unset: each instance keeps this data in its memory.',
  }),
  GATEWAY_CACHE_KEY_PREVIOUS: optional(keyMaterial, {
    description: 'Previous key: data that it encrypted can still be read during the rotation.',
  }),
};

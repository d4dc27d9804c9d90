import { duration } from '../quantities.js';
import { redisUrl } from '../redis-url.js';
import { defaulted, optional } from '../setting.js';

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
};

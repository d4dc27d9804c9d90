import type { ConfigProblem, ConfigWarning } from './config-error.js';
import type { GatewayConfig } from './gateway-config.js';
import { rotatedKeyProblems } from './rotated-keys.js';
import type { Settings } from './schema.js';
import type { Known } from './upstreams.js';

const NAME = 'GATEWAY_CACHE_KEY';

/** Finds problems of the keys that encrypt cached data in Redis. */
export function storeKeyProblems(settings: Known<Settings>, unreadable: ReadonlySet<string>): ConfigProblem[] {
  return [...idleKeyProblems(settings, unreadable), ...rotatedKeyProblems(settings, unreadable, NAME)];
}

function idleKeyProblems(settings: Known<Settings>, unreadable: ReadonlySet<string>): ConfigProblem[] {
  if (settings[NAME] === undefined || settings.REDIS_URL !== undefined || unreadable.has('REDIS_URL')) return [];
  return [
    {
      name: NAME,
      reason: 'has no effect without REDIS_URL',
      hint: 'set REDIS_URL or remove it',
    },
  ];
}

/** Warns of Redis without a cache key: cached data then stays in memory, and a retried request may reach another instance. */
export function storeKeyWarnings({ redis }: GatewayConfig): ConfigWarning[] {
  if (redis === undefined || redis.secrets.length > 0) return [];
  const reason = 'is not set: cached responses and Idempotency-Keys are kept by each instance separately';
  return [{ name: NAME, reason, hint: 'set the same in all instances: openssl rand -base64 48' }];
}

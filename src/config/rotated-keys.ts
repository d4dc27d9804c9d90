import type { ConfigProblem, ConfigWarning } from './config-error.js';
import type { GatewayConfig } from './gateway-config.js';
import type { Settings } from './schema.js';
import type { Known } from './setting.js';

/** Secrets that are rotated with an overlap: `<NAME>_PREVIOUS` holds the previous one. */
type RotatedKey = 'JWT_SECRET' | 'GATEWAY_SESSION_KEY' | 'GATEWAY_CACHE_KEY';

/** Rejects a previous secret without a current one, or equal to it. */
export function rotatedKeyProblems(
  settings: Known<Settings>,
  unreadable: ReadonlySet<string>,
  key: RotatedKey,
): ConfigProblem[] {
  const name = `${key}_PREVIOUS` as const;
  if (settings[name] === undefined || unreadable.has(key)) return [];
  if (settings[key] === undefined) {
    return [{ name, reason: `is set without ${key}`, hint: `set ${key} or remove it` }];
  }
  if (settings[key] !== settings[name]) return [];
  return [{ name, reason: `is the same as ${key}`, hint: 'set the previous one, or remove it' }];
}

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

import type { ConfigProblem, ConfigWarning } from './config-error.js';
import type { GatewayConfig } from './gateway-config.js';
import { rotatedKeyProblems } from './rotated-keys.js';
import type { Settings } from './schema.js';
import type { Known } from './upstreams.js';

const NAME = 'GATEWAY_CACHE_KEY';

/** What is wrong with the keys that seal what is cached in Redis. */
export function storeKeyProblems(settings: Known<Settings>, unreadable: ReadonlySet<string>): ConfigProblem[] {
  return [...idleKeyProblems(settings, unreadable), ...rotatedKeyProblems(settings, unreadable, NAME)];
}

function idleKeyProblems(settings: Known<Settings>, unreadable: ReadonlySet<string>): ConfigProblem[] {
  if (settings[NAME] === undefined || settings.REDIS_URL !== undefined || unreadable.has('REDIS_URL')) return [];
  return [
    {
      name: NAME,
      reason: 'is set without REDIS_URL: there is nothing to encrypt',
      hint: 'set REDIS_URL or remove it',
    },
  ];
}

/** What would be readable in Redis stays in memory, and a request that is sent again may reach another instance. */
export function storeKeyWarnings({ redis }: GatewayConfig): ConfigWarning[] {
  if (redis === undefined || redis.secrets.length > 0) return [];
  const reason = 'is not set: cached answers and Idempotency-Keys are known to one instance each';
  return [{ name: NAME, reason, hint: 'set the same in all instances: openssl rand -base64 48' }];
}

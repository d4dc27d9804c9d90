import type { Redis } from 'ioredis';
import type { Logger } from 'pino';

/** Warns of a store that, when full, throws out revoked tokens and sessions with everything else (row 001-45). */
export async function warnOfEviction(redis: Redis, logger: Logger): Promise<void> {
  const info = await redis.info('memory').catch(() => '');
  const policy = /^maxmemory_policy:(\S+)/m.exec(info)?.[1];
  if (policy?.startsWith('allkeys-') !== true) return;
  const hint = 'set maxmemory-policy noeviction, or volatile-ttl, and alert on memory';
  logger.warn({ policy, hint }, `redis_eviction_policy_unsafe policy=${policy}`);
}

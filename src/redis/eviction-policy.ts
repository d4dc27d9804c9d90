import type { Redis } from 'ioredis';
import type { Logger } from 'pino';

/** Warns of a server whose eviction policy removes revoked tokens and sessions when its memory is full. */
export async function warnOfEviction(redis: Redis, logger: Logger): Promise<void> {
  const policy = await readEvictionPolicy(redis);
  if (policy?.startsWith('allkeys-') !== true) return;
  const hint = 'set maxmemory-policy noeviction, or volatile-ttl, and alert on memory';
  logger.warn({ policy, hint }, `redis_eviction_policy_unsafe policy=${policy}`);
}

/** Reads `maxmemory-policy`; undefined if the user is not allowed to. */
export async function readEvictionPolicy(redis: Redis): Promise<string | undefined> {
  const info = await redis.info('memory').catch(() => '');
  return /^maxmemory_policy:(\S+)/m.exec(info)?.[1];
}

import { Redis } from 'ioredis';
import { isIP } from 'node:net';
import type { RedisConfig } from '../../config/schema/redis-settings.js';
import { withTimeout } from '../../domain/loop-timeout.js';
import { commandOptions } from '../../redis/connection-options.js';
import { readEvictionPolicy } from '../../redis/redis-connections.js';
import { describeFailure } from '../../redis/redis-error.js';
import type { CheckLine } from './check-line.js';
import { checkEndpoint, isUsable, type ProbeLimits } from './endpoint-checks.js';
import { RESP } from './protocols.js';

const subject = 'redis';
const setting = 'REDIS_URL';

/** Checks connection, authentication and eviction policy of Redis. Never rejects. */
export async function checkRedis(redis: RedisConfig, limits: ProbeLimits): Promise<CheckLine[]> {
  const { host, port, tls } = redis.address;
  const fixed = isIP(host) !== 0;
  const target = fixed ? { name: undefined, addresses: [{ host, port }] } : { name: { host, port }, addresses: [] };
  const secured = tls ? { material: {}, serverName: fixed ? undefined : host } : undefined;
  const lines = await checkEndpoint({ subject, setting, target, protocol: RESP, tls: secured }, limits);
  return isUsable(lines) ? [...lines, ...(await signedInChecks(redis, limits.timeoutMs))] : lines;
}

async function signedInChecks(config: RedisConfig, timeoutMs: number): Promise<CheckLine[]> {
  const redis = new Redis({ ...commandOptions(config), retryStrategy: null });
  let reason: unknown;
  redis.on('error', (error) => (reason = error));
  try {
    await withTimeout(
      timeoutMs,
      redis.connect().then(() => redis.ping()),
    );
    const policy = await withTimeout(timeoutMs, readEvictionPolicy(redis));
    return [{ subject, step: 'auth', status: 'ok', detail: 'PING is answered' }, evictionLine(policy)];
  } catch (error) {
    const text = describeFailure(reason ?? error);
    const remedy = /NOAUTH|WRONGPASS|NOPERM/.test(text)
      ? 'check user and password of REDIS_URL, and the ACL of the user'
      : 'read the log of Redis';
    return [{ subject, step: 'auth', status: 'fail', detail: text, remedy }];
  } finally {
    redis.disconnect();
  }
}

function evictionLine(policy: string | undefined): CheckLine {
  const step = 'eviction';
  if (policy === undefined)
    return { subject, step, status: 'info', detail: 'the policy cannot be read: INFO is not allowed' };
  if (!policy.startsWith('allkeys-')) return { subject, step, status: 'ok', detail: `maxmemory-policy ${policy}` };
  const detail = `maxmemory-policy ${policy} evicts revoked tokens and sessions when memory is full`;
  return { subject, step, status: 'warn', detail, remedy: 'set noeviction or volatile-ttl, and alert on memory' };
}

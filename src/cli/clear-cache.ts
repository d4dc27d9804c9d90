import { Redis } from 'ioredis';
import { formatProblem } from '../config/config-error.js';
import { commandOptions } from '../redis/connection-options.js';
import { redisKey } from '../redis/keys.js';
import { describeFailure } from '../redis/redis-error.js';
import { EXIT_CONFIG, EXIT_UNAVAILABLE, type Terminal } from './terminal.js';
import type { CliContext } from './cli-context.js';

/** Keys per SCAN step, during which Redis is blocked. */
const STEP = 500;
/** Timeout of one step in ms. */
const STEP_TIMEOUT_MS = 5_000;

/** Removes the cached responses of all instances from Redis, and nothing else. Resolves to the exit code. */
export async function clearCache({ inspection }: CliContext, terminal: Terminal): Promise<number> {
  const { REDIS_URL: address } = inspection.settings;
  if (address === undefined) {
    const problem = inspection.problems.find(({ name }) => name === 'REDIS_URL');
    terminal.err(
      problem ? formatProblem(problem) : 'REDIS_URL is not set: responses are cached in the memory of each instance',
    );
    return EXIT_CONFIG;
  }
  const times = { connectTimeout: STEP_TIMEOUT_MS, commandTimeout: STEP_TIMEOUT_MS };
  const redis = new Redis({ ...commandOptions({ address }), ...times, retryStrategy: null });
  let reason: unknown;
  redis.on('error', (error) => (reason = error));
  try {
    await redis.connect();
    terminal.out(`removed ${await removeAll(redis, redisKey('cache', '*'))} keys of cache:*`);
    return 0;
  } catch (error) {
    terminal.err(`Redis: ${describeFailure(reason ?? error)}`);
    return EXIT_UNAVAILABLE;
  } finally {
    redis.disconnect();
  }
}

async function removeAll(redis: Redis, pattern: string): Promise<number> {
  let removed = 0;
  let cursor = '0';
  do {
    const [next, keys] = await redis.scan(cursor, 'MATCH', pattern, 'COUNT', STEP);
    if (keys.length > 0) removed += await redis.unlink(...keys);
    cursor = next;
  } while (cursor !== '0');
  return removed;
}

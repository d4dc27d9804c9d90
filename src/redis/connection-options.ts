import type { RedisOptions } from 'ioredis';
import type { RedisConfig } from '../config/schema/redis-settings.js';

/** Longest time that a blocking command may wait, in ms: well below the silence after which a connection is closed. */
export const LONGEST_BLOCK_MS = 1000;

/** Omits the option whose type differs from the constructor's. */
type ConnectionOptions = Omit<RedisOptions, 'replyMapping'>;

/**
 * Returns the options of a connection for commands: nothing is queued or sent twice. No timers of ioredis are used,
 * since they expire while this process is paused: `watchConnection` closes the connection, and `withTimeout` ends a
 * command.
 */
export function commandOptions({ address }: Pick<RedisConfig, 'address'>): ConnectionOptions {
  const { host, port, database, username, password, tls } = address;
  return {
    host,
    port,
    db: database,
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(tls ? { tls: {} } : {}),
    protocol: 2,
    lazyConnect: true,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    connectTimeout: 0,
    // The check would send INFO, which the user may not be allowed to, and print text among the JSON of the log. The
    // probe covers more.
    enableReadyCheck: false,
    retryStrategy: (attempt) => retryDelay(attempt),
    // After a failover the name resolves to the new primary; the old one responds READONLY until then.
    reconnectOnError: (error) => error.message.startsWith('READONLY'),
  };
}

/**
 * Returns the options of a connection for one blocking command at a time. It ends with its first failure, and its owner
 * opens the next.
 */
export function blockingOptions(config: RedisConfig): ConnectionOptions {
  return { ...commandOptions(config), retryStrategy: null };
}

const FIRST_DELAY_MS = 50;
const LONGEST_DELAY_MS = 2000;

/**
 * Returns the delay before a connection attempt, in ms: doubles up to 2 s, with jitter over its upper half so that
 * instances do not reconnect in step.
 */
export function retryDelay(attempt: number, random: () => number = Math.random): number {
  const ceiling = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** Math.min(attempt, 10));
  return Math.round(ceiling * (0.5 + random() / 2));
}

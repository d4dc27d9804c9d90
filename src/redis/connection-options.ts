import type { RedisOptions } from 'ioredis';
import type { RedisConfig } from '../config/gateway-config.js';
import { retryDelay } from './retry-delay.js';

/** Longest that a blocking command may ask Redis to wait, in ms: well below the silence after which a connection is given up. */
export const LONGEST_BLOCK_MS = 1000;

/** Without the option whose type does not fit the constructor's. */
type ConnectionOptions = Omit<RedisOptions, 'replyMapping'>;

/**
 * A connection for commands: nothing is queued and nothing is sent twice. It has no timer of ioredis, since those run out
 * while this process is paused: `watchConnection` gives up the connection, and `withTimeout` a command.
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
    // It sends INFO, which a user may lack, and then prints text among the JSON of the log. The probe finds more.
    enableReadyCheck: false,
    retryStrategy: (attempt) => retryDelay(attempt),
    // After a failover the name leads to the new primary; the old one answers READONLY until then.
    reconnectOnError: (error) => error.message.startsWith('READONLY'),
  };
}

/** A connection for one blocking command at a time. It ends with its first failure; its owner opens the next. */
export function blockingOptions(config: RedisConfig): ConnectionOptions {
  return { ...commandOptions(config), retryStrategy: null };
}

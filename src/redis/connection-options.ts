import type { RedisOptions } from 'ioredis';
import type { RedisConfig } from '../config/gateway-config.js';
import { retryDelay } from './retry-delay.js';

const CONNECT_TIMEOUT_MS = 1000;
/** Longest that a blocking command may ask Redis to wait, in ms: well below the silence after which a connection is given up. */
export const LONGEST_BLOCK_MS = 1000;
/** A frozen server keeps its connections open; one that says nothing for so long is given up and opened anew. */
const SILENCE_MS = 2000;

/** Without the option whose type does not fit the constructor's. */
type ConnectionOptions = Omit<RedisOptions, 'replyMapping'>;

/** A connection for commands: nothing is queued, nothing is sent twice, nothing waits longer than the command timeout. */
export function commandOptions(config: Pick<RedisConfig, 'address' | 'commandTimeoutMs'>): ConnectionOptions {
  return { ...commonOptions(config), commandTimeout: config.commandTimeoutMs };
}

/** A connection for one blocking command at a time. It ends with its first failure; its owner opens the next. */
export function blockingOptions(config: RedisConfig): ConnectionOptions {
  return { ...commonOptions(config), retryStrategy: null };
}

function commonOptions({ address }: Pick<RedisConfig, 'address'>): ConnectionOptions {
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
    connectTimeout: CONNECT_TIMEOUT_MS,
    socketTimeout: SILENCE_MS,
    retryStrategy: (attempt) => retryDelay(attempt),
    // After a failover the name leads to the new primary; the old one answers READONLY until then.
    reconnectOnError: (error) => error.message.startsWith('READONLY'),
  };
}

import type { RedisOptions } from 'ioredis';
import type { RedisConfig } from '../config/gateway-config.js';

const CONNECT_TIMEOUT_MS = 1000;
/** A frozen server keeps its connections open; one that says nothing for so long is given up and opened anew. */
const SILENCE_MS = 2000;
const FIRST_DELAY_MS = 50;
const LONGEST_DELAY_MS = 2000;
/** On top of the time that a blocking command was told to block. */
const BLOCKING_GRACE_MS = 500;

/** Without the option whose type does not fit the constructor's. */
type ConnectionOptions = Omit<RedisOptions, 'replyMapping'>;

/** A connection for commands: nothing is queued, nothing is sent twice, nothing waits longer than the command timeout. */
export function commandOptions(config: RedisConfig): ConnectionOptions {
  return { ...commonOptions(config), commandTimeout: config.commandTimeoutMs };
}

/** A connection for one blocking command at a time, which may take as long as it was told to block. */
export function blockingOptions(config: RedisConfig): ConnectionOptions {
  return {
    ...commonOptions(config),
    blockingTimeout: LONGEST_DELAY_MS,
    blockingTimeoutGrace: BLOCKING_GRACE_MS,
  };
}

function commonOptions({ address }: RedisConfig): ConnectionOptions {
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

/** Doubles from 50 ms to 2 s, spread over its upper half so that instances do not come back in step. */
export function retryDelay(attempt: number, random: () => number = Math.random): number {
  const ceiling = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** Math.min(attempt, 10));
  return Math.round(ceiling * (0.5 + random() / 2));
}

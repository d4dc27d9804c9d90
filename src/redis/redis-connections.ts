import type { OnApplicationShutdown } from '@nestjs/common';
import { Redis } from 'ioredis';
import type { Logger } from 'pino';
import type { RedisConfig } from '../config/schema/redis-settings.js';
import { TimedOut, withTimeout } from '../domain/loop-timeout.js';
import type { DegradeFlags } from '../observe/degrade-flags.js';
import { blockingOptions, commandOptions } from './connection-options.js';
import { watchConnection } from './connection-watch.js';
import { redisKey } from './keys.js';
import { readFailure, type RedisFailure, RedisUnavailable } from './redis-error.js';
import { StoreCircuit } from './store-circuit.js';

const PROBE_KEY = redisKey('probe', 'gateway');
const PROBE_LIFE_MS = 1000;

/**
 * Connections to Redis. Redis may influence a request and never blocks one: a request waits for at most one command
 * timeout, once.
 */
export class RedisConnections implements OnApplicationShutdown {
  private readonly redis: Redis;
  private readonly blocking = new Set<Redis>();
  private readonly circuit: StoreCircuit;
  private readonly recoveryListeners: (() => void)[] = [];
  private lastError = 'not connected';

  constructor(
    private readonly config: RedisConfig,
    flags: DegradeFlags,
    logger: Logger,
  ) {
    const flag = flags.flag({
      component: 'redis',
      cause: 'connection',
      area: 'gateway',
      degraded: 'Redis unavailable',
      recovered: 'Redis available',
    });
    this.circuit = new StoreCircuit(
      () => this.probe(),
      flag,
      () => this.notifyRecovery(),
    );
    this.redis = new Redis(commandOptions(config));
    watchConnection(this.redis, 'command');
    this.redis.on('error', (error) => this.noteError(error));
    this.redis.on('close', () => this.circuit.trip(this.lastError));
    this.redis.on('ready', () => {
      this.lastError = 'not connected';
      void this.circuit.look();
      // Checked for each connection: a failover may lead to a server with another configuration.
      void warnOfEviction(this.redis, logger);
    });
  }

  /** Connects, and resolves as soon as the outcome is known. A gateway starts also if Redis cannot be reached. */
  async connect(): Promise<void> {
    await this.redis.connect().catch((error: unknown) => this.noteError(error));
    if (this.redis.status !== 'ready') this.circuit.trip(this.lastError);
  }

  /** True once Redis has responded: requests that need it can be served. */
  get ready(): boolean {
    return this.circuit.proven;
  }

  /** True while commands are sent. */
  get up(): boolean {
    return this.circuit.reason === undefined && this.redis.status === 'ready';
  }

  /**
   * Sends commands. Rejects only with {@link RedisUnavailable}: immediately while Redis is known to be down, otherwise
   * after GATEWAY_REDIS_COMMAND_TIMEOUT at the latest, not counting pauses of this process.
   */
  async run<T>(work: (redis: Redis) => Promise<T>): Promise<T> {
    if (this.circuit.reason !== undefined) throw new RedisUnavailable(this.circuit.reason);
    try {
      return await withTimeout(this.config.commandTimeoutMs, work(this.redis));
    } catch (error) {
      const failure = readFailure(error);
      if (failure === undefined) throw error;
      if (error instanceof TimedOut) this.circuit.suspect();
      else if (failure.down) this.circuit.trip(failure.text);
      throw new RedisUnavailable(failure.text);
    }
  }

  /** Calls `listener` each time that Redis is used again after an outage: it may have lost its data. */
  onRecovery(listener: () => void): void {
    this.recoveryListeners.push(listener);
  }

  /**
   * Resolves to true once Redis can be used, and to false when its outage has lasted `ms`; immediately if it already
   * has.
   */
  recovered(ms: number): Promise<boolean> {
    return this.circuit.recovered(ms);
  }

  /**
   * Opens a separate connection for blocking commands of at most LONGEST_BLOCK_MS. Rejects with {@link
   * RedisUnavailable}. It does not reconnect: after a failure its owner disconnects it and opens another.
   */
  async openBlocking(): Promise<Redis> {
    const connection = new Redis(blockingOptions(this.config));
    watchConnection(connection, 'blocking');
    connection.on('error', (error) => this.noteError(error));
    connection.on('end', () => this.blocking.delete(connection));
    this.blocking.add(connection);
    try {
      await connection.connect();
      return connection;
    } catch (error) {
      connection.disconnect();
      throw new RedisUnavailable(readFailure(error)?.text ?? this.lastError);
    }
  }

  /**
   * Probes Redis with a write and returns the failure; undefined if there is none. While Redis is down, the periodic
   * probe decides.
   */
  async check(): Promise<string | undefined> {
    if (this.circuit.reason !== undefined) return this.circuit.reason;
    const finding = await this.circuit.look();
    return finding?.text ?? this.circuit.reason;
  }

  onApplicationShutdown(): void {
    this.circuit.stop();
    for (const connection of [this.redis, ...this.blocking]) connection.disconnect();
  }

  /** Probes with a write, since a replica and a full server respond to PING. */
  private async probe(): Promise<RedisFailure | undefined> {
    try {
      const write = this.redis.set(PROBE_KEY, '1', 'PX', PROBE_LIFE_MS);
      await withTimeout(this.config.commandTimeoutMs, write);
      return undefined;
    } catch (error) {
      const failure = readFailure(error);
      if (failure === undefined || failure.text === 'not connected')
        return { text: this.lastError, down: true, replied: false };
      return failure;
    }
  }

  private notifyRecovery(): void {
    for (const listener of this.recoveryListeners) listener();
  }

  /** Keeps the reason of a lost connection; the error that follows, for the closed connection, says less. */
  private noteError(error: unknown): void {
    const text = readFailure(error)?.text;
    if (text !== undefined && text !== 'not connected') this.lastError = text;
  }
}

/** Warns of a server whose eviction policy removes revoked tokens and sessions when its memory is full. */
async function warnOfEviction(redis: Redis, logger: Logger): Promise<void> {
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

import type { BeforeApplicationShutdown, OnApplicationBootstrap } from '@nestjs/common';
import type { RevocationConfig } from '../../config/schema/access-settings.js';
import { TimedOut, withTimeout } from '../../domain/loop-timeout.js';
import type { Principal } from '../../domain/principal.js';
import { Revocation, type RevocationReason, type Revocations } from '../../domain/revocation.js';
import type { RedisConnections } from '../../redis/redis-connections.js';
import { RedisUnavailable } from '../../redis/redis-error.js';
import { RevocationFeed } from './revocation-feed.js';
import { RevocationMemory } from './revocation-memory.js';
import { boundExpiry } from './revocation-record.js';
import type { RevocationSignals } from './revocation-signals.js';
import { findCredential, publishToken } from './revocation-store.js';
import { RevocationSync } from './revocation-sync.js';

/** Longest time that a request waits for a lookup, in ms. */
const LOOK_UP_BUDGET_MS = 5;
const SWEEP_MS = 60_000;

/**
 * Revocation with three parts: a sorted set in Redis is authoritative, a stream distributes changes, memory decides.
 * Without Redis there is only memory.
 */
export class RevocationService
  extends Revocation
  implements Revocations, OnApplicationBootstrap, BeforeApplicationShutdown
{
  private readonly memory: RevocationMemory;
  private readonly feed: RevocationFeed | undefined;
  private sweeper: NodeJS.Timeout | undefined;

  constructor(
    config: RevocationConfig,
    private readonly signals: RevocationSignals,
    private readonly redis: RedisConnections | undefined,
  ) {
    super();
    const memory = new RevocationMemory(config);
    const oldest = () => Math.floor(Date.now() / 1000 - config.toleranceMs / 1000);
    const sync = new RevocationSync(memory, signals, config.maxEntries, oldest);
    this.memory = memory;
    this.feed = redis && new RevocationFeed({ redis, memory, sync, signals, resyncMs: config.resyncIntervalMs });
  }

  onApplicationBootstrap(): void {
    this.feed?.start();
    this.sweeper = setInterval(() => this.sweep(), SWEEP_MS).unref();
  }

  /** Stops before the connections are closed, which would otherwise be reported as an outage. */
  beforeApplicationShutdown(): void {
    clearInterval(this.sweeper);
    this.feed?.stop();
  }

  get ready(): boolean {
    return this.feed?.warm ?? true;
  }

  get degraded(): boolean {
    return this.feed?.following === false;
  }

  get partial(): boolean {
    return this.redis !== undefined && this.memory.partial;
  }

  /** Returns the number of revoked tokens dropped so far because the limit was reached. */
  get evicted(): number {
    return this.memory.evicted;
  }

  verdict(principal: Principal): RevocationReason | undefined {
    return this.memory.verdict(principal);
  }

  async lookUp(principal: Principal): Promise<RevocationReason | undefined> {
    const reason = await this.find(principal);
    if (reason === 'unavailable') this.signals.lookedUp('unavailable');
    else this.signals.lookedUp(reason === undefined ? 'clear' : 'revoked');
    return reason === 'unavailable' ? undefined : reason;
  }

  async revoke(tokenId: string, expiresAt: number): Promise<void> {
    if (tokenId === '') return;
    const until = boundExpiry(expiresAt, Date.now() / 1000);
    this.memory.take({ kind: 'token', tokenId, expiresAt: until });
    this.signals.measure(this.memory);
    if (this.redis === undefined) return;
    this.memory.setStored(tokenId, false);
    try {
      await this.redis.run((redis) => publishToken(redis, tokenId, until));
      this.memory.setStored(tokenId, true);
      this.signals.published('published');
    } catch (error) {
      if (!(error instanceof RedisUnavailable)) throw error;
      this.signals.published('deferred');
      this.feed?.requestSync();
    }
  }

  private async find(principal: Principal): Promise<RevocationReason | 'unavailable' | undefined> {
    try {
      const asked = this.redis?.run((redis) => findCredential(redis, principal));
      const found = asked && (await withTimeout(LOOK_UP_BUDGET_MS, asked));
      if (found?.revokedUntil !== undefined && this.memory.tokens.matters(found.revokedUntil)) return 'TOKEN_REVOKED';
      return found?.stale === true ? 'TOKEN_VERSION_STALE' : undefined;
    } catch (error) {
      if (error instanceof RedisUnavailable || error instanceof TimedOut) return 'unavailable';
      throw error;
    }
  }

  private sweep(): void {
    this.memory.sweep();
    this.signals.measure(this.memory);
  }
}

import { setTimeout as wait } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import { LONGEST_BLOCK_MS, retryDelay } from '../../redis/connection-options.js';
import type { RedisConnections } from '../../redis/redis-connections.js';
import { describeFailure } from '../../redis/redis-error.js';
import type { RevocationMemory } from './revocation-memory.js';
import type { RevocationSignals } from './revocation-signals.js';
import {
  advance,
  endOf,
  type FeedPosition,
  hasGap,
  hasRestarted,
  readFeedEnd,
  readFeedState,
} from './feed-position.js';
import { type FeedEntry, hasTokens, readFeed } from './revocation-store.js';
import type { RevocationSync } from './revocation-sync.js';

interface FeedParts {
  readonly redis: RedisConnections;
  readonly memory: RevocationMemory;
  readonly sync: RevocationSync;
  readonly signals: RevocationSignals;
  /** Interval between two full passes, in ms. */
  readonly resyncMs: number;
}

/**
 * Follows the stream on a dedicated connection; after each loss of the connection, and periodically, reads the whole
 * set.
 */
export class RevocationFeed {
  private readonly stopping = new AbortController();
  private syncedAt = -Infinity;
  private syncWanted = false;
  private joined = false;
  private everJoined = false;

  constructor(private readonly parts: FeedParts) {}

  /** True while published revocations reach this instance. */
  get following(): boolean {
    return this.joined;
  }

  /** True once the whole set has been read. */
  get warm(): boolean {
    return this.everJoined;
  }

  start(): void {
    void this.keepFollowing();
  }

  stop(): void {
    this.stopping.abort();
  }

  /** Schedules a full pass within one second, to send the store what it does not have. */
  requestSync(): void {
    this.syncWanted = true;
  }

  private async keepFollowing(): Promise<void> {
    const { signal } = this.stopping;
    for (let attempt = 0; !signal.aborted; attempt++) {
      const reason = await this.follow().catch(describeFailure);
      if (signal.aborted) return;
      if (this.joined) attempt = 0;
      this.joined = false;
      this.parts.signals.lost(reason, !this.everJoined);
      await wait(retryDelay(attempt), undefined, { signal, ref: false }).catch(() => undefined);
    }
  }

  /** Follows the feed on one connection until that is lost; resolves to the reason. */
  private async follow(): Promise<string> {
    const connection = await this.parts.redis.openBlocking();
    try {
      let position = await readFeedEnd(connection);
      await this.syncNow(connection);
      this.join();
      while (!this.stopping.signal.aborted) position = await this.readOn(connection, position);
      return 'stopped';
    } finally {
      connection.disconnect();
    }
  }

  private join(): void {
    this.joined = true;
    this.everJoined = true;
    this.parts.signals.joined();
  }

  private async readOn(connection: Redis, position: FeedPosition): Promise<FeedPosition> {
    const { memory, resyncMs } = this.parts;
    const entries = await readFeed(connection, position.id, LONGEST_BLOCK_MS);
    this.take(entries);
    const restart = await this.findLoss(connection, position);
    const emptied = entries.length === 0 && memory.tokens.size > 0 && !(await hasTokens(connection));
    const due = performance.now() - this.syncedAt >= resyncMs;
    if (due || emptied || this.syncWanted || restart !== undefined) await this.syncNow(connection);
    return (
      restart ??
      advance(
        position,
        entries.map(({ id }) => id),
      )
    );
  }

  /**
   * Returns the position to continue from if entries were lost before they were read; the full pass then restores what
   * they said.
   */
  private async findLoss(connection: Redis, position: FeedPosition): Promise<FeedPosition | undefined> {
    const state = await readFeedState(connection);
    if (state === undefined) return undefined;
    if (hasGap(position, state)) this.parts.signals.gapFound(`entries after ${position.id} were trimmed unread`);
    else if (!hasRestarted(position, state)) return undefined;
    return endOf(state);
  }

  private take(entries: readonly FeedEntry[]): void {
    const { memory, signals } = this.parts;
    for (const { at, record } of entries) {
      if (record === undefined) signals.unreadable();
      else memory.take(record);
      signals.propagated(Date.now() - at);
    }
    if (entries.length > 0) signals.measure(memory);
  }

  private async syncNow(connection: Redis): Promise<void> {
    this.syncWanted = false;
    await this.parts.sync.run(connection);
    this.syncedAt = performance.now();
    this.parts.signals.gapClosed();
  }
}

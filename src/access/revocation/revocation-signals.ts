import type { Logger } from 'pino';
import type { DegradeFlag, DegradeFlags } from '../../observe/degrade-flags.js';
import type { RevocationMetrics } from '../../observe/revocation-metrics.js';
import { describeFailure } from '../../redis/redis-error.js';
import type { RevocationMemory } from './revocation-memory.js';

/** Reports revocation to operators: each event once, and the metrics. */
export class RevocationSignals {
  private readonly uninitialized: DegradeFlag;
  private readonly stream: DegradeFlag;
  private readonly versions: DegradeFlag;
  private readonly overflow: DegradeFlag;
  private readonly store: DegradeFlag;
  private readonly gap: DegradeFlag;

  constructor(
    private readonly flags: DegradeFlags,
    private readonly metrics: RevocationMetrics,
    private readonly logger: Logger,
  ) {
    this.uninitialized = this.flag('not_initialized', 'Redis client not initialized', 'Redis client ready');
    this.stream = this.flag('stream', 'Redis stream degraded', 'Redis stream recovered');
    this.versions = this.flag('versions', 'service-account version sync failed', 'version sync recovered');
    this.overflow = this.flag('overflow', 'cache overflow, ZSCORE fallback', 'cache within its limit');
    this.gap = this.flag('feed_gap', 'Redis stream trimmed before it was read', 'Redis stream whole');
    this.store = this.flag('store_truncated', 'revocation_store_truncated', 'revocation store whole');
  }

  /** Reports that the feed is followed and that everything missed has been read. */
  joined(): void {
    this.uninitialized.lower();
    this.stream.lower();
  }

  /**
   * Reports that the feed is lost.
   * @param first true if it was never connected.
   */
  lost(reason: string, first: boolean): void {
    (first ? this.uninitialized : this.stream).suspect(reason);
  }

  /**
   * Reports that entries were lost before they were read: revocations are delayed until the whole set has been read.
   */
  gapFound(reason: string): void {
    this.metrics.feedGaps.inc();
    this.gap.raise(reason);
  }

  /** Reports that the whole set has been read since. */
  gapClosed(): void {
    this.gap.lower();
  }

  /** Observes the time from the store's receiving a revocation to this instance's applying it, in ms. */
  propagated(ms: number): void {
    this.metrics.propagation.observe(Math.max(0, ms) / 1000);
  }

  published(outcome: 'published' | 'deferred'): void {
    this.metrics.published.inc({ outcome });
  }

  lookedUp(outcome: 'revoked' | 'clear' | 'unavailable'): void {
    this.metrics.lookups.inc({ outcome });
  }

  /** Counts a record in the store that does not have the documented form. */
  unreadable(): void {
    this.metrics.unreadable.inc();
  }

  /** Reports that entries of the store are missing: memory keeps them, and the store gets them back. */
  truncated(lost: number, stored: number): void {
    this.metrics.truncated.inc();
    this.logger.error({ lost, stored }, `revocation_store_truncated lost=${lost} stored=${stored}`);
    this.store.raise(`${lost} revoked tokens were gone`);
  }

  whole(): void {
    this.store.lower();
  }

  versionsFailed(error: unknown): void {
    this.versions.raise(describeFailure(error));
  }

  versionsSynced(): void {
    this.versions.lower();
  }

  /** Updates the metrics after a change of memory. */
  measure(memory: RevocationMemory): void {
    this.metrics.entries.set({ kind: 'token' }, memory.tokens.size);
    this.metrics.entries.set({ kind: 'version' }, memory.versions.size);
    if (memory.partial) this.overflow.raise('more credentials are revoked than GATEWAY_REVOCATION_MAX');
    else this.overflow.lower();
  }

  private flag(cause: string, degraded: string, recovered: string): DegradeFlag {
    return this.flags.flag({
      component: 'revocation',
      cause,
      area: 'auth',
      degraded: `TokenRevocationService ${degraded}`,
      recovered: `TokenRevocationService ${recovered}`,
    });
  }
}

import type { Logger } from 'pino';
import type { DegradeFlag } from '../observe/degrade-flags.js';
import type { OutboxMetrics } from '../observe/outbox-metrics.js';
import type { UsageRecord } from './usage-ring.js';

/** Interval in which losses are summed up in one log line: a full outbox loses thousands per second. */
const EVICTION_LINE_MS = 1000;

/** Reports the outbox to operators by metrics and log lines. */
export class OutboxSignals {
  private evicted = 0;
  private firstAt = Infinity;
  private lastAt = -Infinity;
  private evictionTimer: NodeJS.Timeout | undefined;
  private journalFailure: string | undefined;

  constructor(
    private readonly metrics: OutboxMetrics,
    private readonly logger: Logger,
    private readonly flag: DegradeFlag,
  ) {}

  /**
   * Updates the metrics.
   * @param unsaved events that a crash would lose although there is a journal.
   */
  measure({ depth, shelfBytes, unsaved }: { depth: number; shelfBytes: number; unsaved: number }): void {
    this.metrics.depth.set(depth);
    this.metrics.shelfBytes.set(shelfBytes);
    this.metrics.unsaved.set(unsaved);
  }

  /** Counts an event that could not be written to disk. */
  notSaved(): void {
    this.metrics.writeFailures.inc();
  }

  /**
   * Counts an event that was dropped because there was no room. The log line gives the time window for reconciling
   * accounts.
   */
  lost(occurredAt: number): void {
    this.metrics.dropped.inc();
    this.evicted += 1;
    this.firstAt = Math.min(this.firstAt, occurredAt);
    this.lastAt = Math.max(this.lastAt, occurredAt);
    this.evictionTimer ??= setTimeout(() => this.logEvicted(), EVICTION_LINE_MS).unref();
  }

  /** Logs the number of events of an earlier process, which are sent first. */
  foundInJournal(events: number): void {
    if (events > 0) this.logger.info({ events }, 'outbox_found_on_shelf');
  }

  /** Logs and counts journal lines that cannot be read. */
  damaged(lines: number): void {
    if (lines === 0) return;
    this.metrics.dropped.inc(lines);
    this.logger.error({ lines }, 'outbox_shelf_damaged');
  }

  /** Reports a batch that TenantService accepted, and the recovery after failures. */
  delivered(failures: number): void {
    if (failures > 0) this.logger.info({ failures }, 'outbox_recovered');
  }

  flushFailed(events: number, reason: string, failures: number): void {
    this.metrics.flushFailures.inc();
    this.logger.warn({ events, reason, failures }, 'outbox_flush_failed');
  }

  /**
   * Logs an event that TenantService rejected, which is lost. The line names the tenant and leaves out the quantity.
   */
  rejected({ id, tenantId, meter, occurredAt }: UsageRecord, reason: string): void {
    this.metrics.rejected.inc();
    const fields = { event_id: id, tenant_id: tenantId, meter, occur_time: timestamp(occurredAt), reason };
    this.logger.error(fields, 'outbox_rejected');
  }

  memoryReleased(events: number): void {
    this.logger.warn({ events }, 'outbox_shelved');
  }

  /** Reports a change in whether the disk accepts events, once. */
  journalState(failure: string | undefined): void {
    if (failure === undefined) this.flag.lower();
    else this.flag.raise(failure);
    if (failure === this.journalFailure) return;
    if (failure === undefined) this.logger.info('outbox_shelf_recovered');
    else this.logger.error({ reason: failure }, 'outbox_shelf_failed');
    this.journalFailure = failure;
  }

  /** Logs the number of events that stay in the journal until the next start. */
  leftInJournal(events: number): void {
    this.logger.warn({ events }, 'outbox_left_on_shelf');
  }

  /** Logs the losses that no line has reported yet. */
  logEvicted(): void {
    clearTimeout(this.evictionTimer);
    this.evictionTimer = undefined;
    if (this.evicted === 0) return;
    const window = { first_ts: timestamp(this.firstAt), last_ts: timestamp(this.lastAt) };
    this.logger.warn({ count: this.evicted, ...window }, 'outbox_evicted');
    this.evicted = 0;
    this.firstAt = Infinity;
    this.lastAt = -Infinity;
  }
}

function timestamp(ms: number): string {
  return new Date(ms).toISOString();
}

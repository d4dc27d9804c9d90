import type { Logger } from 'pino';
import type { DegradeFlag } from '../observe/degrade-flags.js';
import type { OutboxMetrics } from '../observe/outbox-metrics.js';
import type { UsageRecord } from './usage-record.js';

/** Losses are told in one line for all of this time: an outbox that overflows loses thousands a second. */
const EVICTION_LINE_MS = 1000;

/** Tells operators of the outbox, by metrics and by lines of the log. */
export class OutboxSignals {
  private evicted = 0;
  private firstAt = Infinity;
  private lastAt = -Infinity;
  private evictionTimer: NodeJS.Timeout | undefined;
  private shelfFailure: string | undefined;

  constructor(
    private readonly metrics: OutboxMetrics,
    private readonly logger: Logger,
    private readonly flag: DegradeFlag,
  ) {}

  /** After any change. `unsaved`: events that a crash would lose although there is a shelf. */
  measure({ depth, shelfBytes, unsaved }: { depth: number; shelfBytes: number; unsaved: number }): void {
    this.metrics.depth.set(depth);
    this.metrics.shelfBytes.set(shelfBytes);
    this.metrics.unsaved.set(unsaved);
  }

  /** The disk did not take an event. */
  notSaved(): void {
    this.metrics.writeFailures.inc();
  }

  /** One event is gone for want of room. The line gives the window for reconciling the accounts. */
  lost(occurredAt: number): void {
    this.metrics.dropped.inc();
    this.evicted += 1;
    this.firstAt = Math.min(this.firstAt, occurredAt);
    this.lastAt = Math.max(this.lastAt, occurredAt);
    this.evictionTimer ??= setTimeout(() => this.tellEvicted(), EVICTION_LINE_MS).unref();
  }

  /** Events of an earlier process, which are sent first. */
  foundOnShelf(events: number): void {
    if (events > 0) this.logger.info({ events }, 'outbox_found_on_shelf');
  }

  /** Lines on the shelf that no event can be read from any more. */
  damaged(lines: number): void {
    if (lines === 0) return;
    this.metrics.dropped.inc(lines);
    this.logger.error({ lines }, 'outbox_shelf_damaged');
  }

  /** TenantService took a batch, maybe after it had not for a while. */
  delivered(failures: number): void {
    if (failures > 0) this.logger.info({ failures }, 'outbox_recovered');
  }

  flushFailed(events: number, reason: string, failures: number): void {
    this.metrics.flushFailures.inc();
    this.logger.warn({ events, reason, failures }, 'outbox_flush_failed');
  }

  /** An event that TenantService refuses is lost. The line says whose it was and nothing of what was used. */
  rejected({ id, tenantId, meter, occurredAt }: UsageRecord, reason: string): void {
    this.metrics.rejected.inc();
    const fields = { event_id: id, tenant_id: tenantId, meter, occur_time: timestamp(occurredAt), reason };
    this.logger.error(fields, 'outbox_rejected');
  }

  shelved(events: number): void {
    this.logger.warn({ events }, 'outbox_shelved');
  }

  /** What the disk said to the last event: a change is told, once. */
  shelfState(failure: string | undefined): void {
    if (failure === undefined) this.flag.lower();
    else this.flag.raise(failure);
    if (failure === this.shelfFailure) return;
    if (failure === undefined) this.logger.info('outbox_shelf_recovered');
    else this.logger.error({ reason: failure }, 'outbox_shelf_failed');
    this.shelfFailure = failure;
  }

  /** What is on the shelf when the process ends goes out when the next one starts. */
  leftOnShelf(events: number): void {
    this.logger.warn({ events }, 'outbox_left_on_shelf');
  }

  /** Tells of the losses that no line has told yet. */
  tellEvicted(): void {
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

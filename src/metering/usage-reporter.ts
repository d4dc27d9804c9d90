import type { BeforeApplicationShutdown, OnApplicationBootstrap } from '@nestjs/common';
import { later, type Schedule } from '../domain/schedule.js';
import type { OutboxSignals } from './outbox-signals.js';
import type { UsageOutbox } from './usage-outbox.js';
import type { UsageRecord } from './usage-ring.js';
import { reasonOf, verdictOf } from './usage-client.js';

/** Maximum time of the last flush, in ms; it fits between the drain and the platform's SIGKILL. */
const LAST_FLUSH_MS = 3000;
/** Pause between attempts during the last flush, in ms. */
const LAST_PAUSE_MS = 100;

/** Receiver of reports. */
interface UsageReceiver {
  /** Rejects with a GatewayError. */
  report(records: readonly UsageRecord[]): Promise<void>;
  stop(): void;
}

/** Settings of the reporter. */
interface ReportSettings {
  readonly batchSize: number;
  readonly flushIntervalMs: number;
  readonly maxBackoffMs: number;
  readonly retryMax: number;
  readonly schedule?: Schedule;
  /** For jitter; from 0 to 1. */
  readonly random?: () => number;
}

/**
 * Sends events from the outbox to TenantService, one batch at a time and in order: a failed batch is sent again before
 * any later event.
 */
export class UsageReporter implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly schedule: Schedule;
  private readonly random: () => number;
  private cancelTimer: (() => void) | undefined;
  private run: Promise<void> | undefined;
  private failures = 0;
  private isClosing = false;

  constructor(
    private readonly outbox: UsageOutbox,
    private readonly receiver: UsageReceiver,
    private readonly signals: OutboxSignals,
    private readonly settings: ReportSettings,
  ) {
    this.schedule = settings.schedule ?? later;
    this.random = settings.random ?? Math.random;
  }

  /** Starts sending, with the events of an earlier process first. */
  onApplicationBootstrap(): void {
    this.outbox.follow(() => this.wake());
    this.wake();
  }

  /** Sends the remaining events, after the last response and before the channels close. */
  async beforeApplicationShutdown(): Promise<void> {
    this.isClosing = true;
    this.cancel();
    const cancelStop = this.schedule(() => this.receiver.stop(), LAST_FLUSH_MS);
    const until = performance.now() + LAST_FLUSH_MS;
    await this.run;
    while (performance.now() < until && !(await this.flush()) && !this.outbox.durable) await this.pause();
    cancelStop();
    this.outbox.close();
  }

  private wake(): void {
    if (this.run !== undefined || this.failures > 0 || this.isClosing) return;
    const { pending } = this.outbox;
    if (pending >= this.settings.batchSize) this.start();
    else if (pending > 0) this.startIn(this.settings.flushIntervalMs);
  }

  private startIn(ms: number): void {
    this.cancelTimer ??= this.schedule(() => this.start(), ms);
  }

  private start(): void {
    this.cancel();
    this.run = this.flush().then((isDone) => {
      this.run = undefined;
      if (this.isClosing) return;
      if (isDone) this.wake();
      else this.startIn(this.backoffMs());
    });
  }

  /**
   * Sends batches until less than one is left. Resolves to false when TenantService does not accept one now. Never
   * rejects.
   */
  private async flush(): Promise<boolean> {
    const { batchSize } = this.settings;
    for (;;) {
      const batch = this.outbox.take(batchSize);
      const isTaken = batch.length === 0 || (await this.deliver(batch));
      this.outbox.land();
      if (!isTaken) return false;
      if (batch.length < batchSize) return true;
    }
  }

  private async deliver(batch: readonly UsageRecord[]): Promise<boolean> {
    try {
      await this.receiver.report(batch);
      this.settle(batch.at(-1));
      return true;
    } catch (error) {
      if (verdictOf(error) === 'retry') return this.fail(batch, error);
      return batch.length === 1 ? this.reject(batch[0], error) : this.deliverSingly(batch);
    }
  }

  /** Sends the events one by one, so that a rejected event does not affect the others. */
  private async deliverSingly(batch: readonly UsageRecord[]): Promise<boolean> {
    for (const record of batch) if (!(await this.deliver([record]))) return false;
    return true;
  }

  private reject(record: UsageRecord | undefined, error: unknown): boolean {
    if (record !== undefined) this.signals.rejected(record, reasonOf(error));
    this.settle(record);
    return true;
  }

  private settle(last: UsageRecord | undefined): void {
    if (last !== undefined) this.outbox.settle(last);
    this.signals.delivered(this.failures);
    this.failures = 0;
  }

  private fail(batch: readonly UsageRecord[], error: unknown): boolean {
    this.failures += 1;
    this.signals.flushFailed(batch.length, reasonOf(error), this.failures);
    if (this.failures === this.settings.retryMax) this.outbox.releaseMemory();
    return false;
  }

  /** Doubles with every failure; a random time in its upper half, so that instances do not retry in step. */
  private backoffMs(): number {
    const { flushIntervalMs, maxBackoffMs } = this.settings;
    const ms = Math.min(flushIntervalMs * 2 ** Math.min(this.failures - 1, 30), maxBackoffMs);
    return ms * (0.5 + this.random() / 2);
  }

  private cancel(): void {
    this.cancelTimer?.();
    this.cancelTimer = undefined;
  }

  private pause(): Promise<void> {
    return new Promise((resolve) => this.schedule(resolve, LAST_PAUSE_MS));
  }
}

import type { Worker } from 'node:cluster';
import type { Logger } from 'pino';
import { openMetricsExposition, textExposition } from '../../observe/exposition.js';
import type { GatewayMetrics } from '../../observe/metrics.js';
import type { ReloadReport } from '../reload/reloader.js';
import { SharedRun } from '../reload/shared-run.js';
import { firstCommands } from './first-commands.js';
import { MergedMetrics, type MetricsSnapshot } from './merged-metrics.js';
import { TO_WORKER } from './messages.js';
import { ReloadRound } from './reload-round.js';
import { WorkerPool } from './worker-pool.js';
import type { WorkerSlot } from './worker-slot.js';

const SNAPSHOT_MS = 2_000;
/** Metrics of the first process itself. All others are those of the workers. */
const OWN = /^gateway_(?:admin_|worker)/;

interface WorkersParts {
  readonly count: number;
  readonly metrics: GatewayMetrics;
  readonly log: Logger;
  readonly fork: (number: number) => Worker;
}

/** All workers as one gateway: one exposition of metrics, one set of admin commands, one reload. */
export class Workers {
  readonly commands = firstCommands(
    () => this.pool.serving,
    () => this.reload(),
  );
  private readonly pool: WorkerPool;
  private readonly merged: MergedMetrics;
  private round: ReloadRound | undefined;
  private readonly reloads = new SharedRun(() => this.reloadAll());
  private reloadedAt = 0;
  private exposing: Promise<void> | undefined;

  constructor(private readonly parts: WorkersParts) {
    const { count, log, fork, metrics } = parts;
    this.merged = new MergedMetrics(count);
    metrics.listener.workers.set(count);
    this.pool = new WorkerPool({
      count,
      fork,
      log,
      handlers: (slot) => ({
        exposition: (input) => this.exposition((input as { readonly isOpen: boolean }).isOpen),
        agree: () => this.round?.agree(slot) ?? false,
      }),
      onStarted: (slot) => this.started(slot),
      onEnded: (slot) => this.ended(slot),
    });
  }

  /** Resolves to the exit code of the process when the workers cannot be kept running. */
  get failed(): Promise<number> {
    return this.pool.failed;
  }

  /** Resolves when each worker serves. */
  start(): Promise<void> {
    return this.pool.start();
  }

  /** Drains all workers; resolves to the highest of their exit codes. */
  stop(): Promise<number> {
    return this.pool.stop();
  }

  /** Reloads all workers, or none; one reload at a time. */
  reload(): Promise<ReloadReport> {
    return this.reloads.next();
  }

  /** Returns the metrics of all workers as text. */
  async exposition(isOpen: boolean): Promise<string> {
    this.exposing ??= this.takeSnapshots().finally(() => (this.exposing = undefined));
    await this.exposing;
    const all = (await this.parts.metrics.registry.getMetricsAsJSON()) as unknown as MetricsSnapshot;
    const registry = this.merged.merged(all.filter(({ name }) => OWN.test(name)));
    return isOpen ? openMetricsExposition(registry) : textExposition(registry);
  }

  private async reloadAll(): Promise<ReloadReport> {
    const { round, report } = ReloadRound.begin(this.pool.serving);
    this.round = round;
    this.reloadedAt = performance.now();
    try {
      return await report;
    } finally {
      this.round = undefined;
    }
  }

  private async takeSnapshots(): Promise<void> {
    const taken = this.pool.serving.map(async (slot) => {
      try {
        this.merged.take(slot.number, await slot.link.ask<MetricsSnapshot>(TO_WORKER.metrics, {}, SNAPSHOT_MS));
      } catch {
        // It is busy, or has just ended: what it said last stays in the sums.
      }
    });
    await Promise.all(taken);
  }

  /** Reloads once more when a new worker may have read its files before a reload in which it did not take part. */
  private started({ forkedAt }: WorkerSlot): void {
    if (forkedAt < this.reloadedAt) void this.reload().catch(() => undefined);
  }

  private ended(slot: WorkerSlot): void {
    this.round?.leave(slot.number);
    this.parts.metrics.listener.workerEnds.inc();
    this.merged.retire(slot.number);
  }
}

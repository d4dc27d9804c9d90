import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { status } from '@grpc/grpc-js';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { onTestFinished } from 'vitest';
import { GatewayError } from '../../src/domain/errors.js';
import { classify } from '../../src/grpc/grpc-failure.js';
import type { GrpcCode } from '../../src/grpc/grpc-code.js';
import { OutboxSignals } from '../../src/metering/outbox-signals.js';
import { Journal } from '../../src/metering/journal/journal.js';
import { UsageOutbox } from '../../src/metering/usage-outbox.js';
import type { UsageRecord } from '../../src/metering/usage-ring.js';
import { UsageReporter } from '../../src/metering/usage-reporter.js';
import { DegradeFlags, type Impairment } from '../../src/observe/degrade-flags.js';
import { GatewayMetrics } from '../../src/observe/metrics.js';
import { OutboxMetrics } from '../../src/observe/outbox-metrics.js';

const JOURNAL: Impairment = {
  component: 'usage_journal',
  cause: 'write',
  area: 'gateway',
  degraded: 'degraded',
  recovered: 'recovered',
};

/** A directory for the journal of one test, removed after it. */
export function shelfDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'outbox-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** Response of TenantService, by status. */
export const refusal = (code: GrpcCode): GatewayError => {
  const end = { code: status[code], details: 'said so', metadata: undefined, grpcHeaders: true };
  return new GatewayError('UPSTREAM_ERROR', 'refused', { cause: classify('tenant', end) });
};

interface BenchOptions {
  readonly capacity?: number;
  readonly batchSize?: number;
  readonly retryMax?: number;
  readonly directory?: string;
}

/** An outbox and its reporter with a clock that stands still, timers that run on demand, and a far side that says what a test wants. */
export class OutboxBench {
  readonly lines: Record<string, unknown>[] = [];
  readonly batches: string[][] = [];
  readonly metrics = new OutboxMetrics(new Registry());
  readonly outbox: UsageOutbox;
  readonly reporter: UsageReporter;
  answer: (records: readonly UsageRecord[]) => void | Promise<void> = () => undefined;
  now = 1_000_000;
  timers: { callback: () => void; ms: number }[] = [];
  private readonly signals: OutboxSignals;

  constructor({ capacity = 10, batchSize = 4, retryMax = 3, directory }: BenchOptions = {}) {
    const write = (line: string) => void this.lines.push(JSON.parse(line) as Record<string, unknown>);
    const logger = pino({}, { write });
    const metrics = new GatewayMetrics({ inFlight: new Set(), droppedLines: () => 0 });
    const flag = new DegradeFlags(metrics, logger, { holdMs: 0 }).flag(JOURNAL);
    this.signals = new OutboxSignals(this.metrics, logger, flag);
    const shelf = directory === undefined ? undefined : new Journal(directory, 1024 ** 2);
    this.outbox = new UsageOutbox(capacity, this.signals, shelf, () => this.now);
    const report = async (records: readonly UsageRecord[]) => {
      this.batches.push(records.map(({ subject }) => subject));
      await this.answer(records);
    };
    const schedule = (callback: () => void, ms: number) => {
      const timer = { callback, ms };
      this.timers.push(timer);
      return () => void (this.timers = this.timers.filter((each) => each !== timer));
    };
    const times = { flushIntervalMs: 1000, maxBackoffMs: 30_000, random: () => 1 };
    const settings = { batchSize, retryMax, schedule, ...times };
    this.reporter = new UsageReporter(this.outbox, { report, stop: () => undefined }, this.signals, settings);
    this.reporter.onApplicationBootstrap();
  }

  /** Records one event of each subject, a millisecond apart. */
  use(...subjects: string[]): void {
    for (const subject of subjects) {
      this.now += 1;
      this.outbox.record({ caller: { tenantId: 'acme', subject }, meter: 'ai.query', quantity: 1 });
    }
  }

  /** Runs the timer that waits, lets everything happen that follows from it, and gives its delay. */
  async tick(): Promise<number | undefined> {
    const timer = this.timers.shift();
    timer?.callback();
    await this.settled();
    return timer?.ms;
  }

  /** Resolves when everything has happened that does not wait for a timer. */
  async settled(): Promise<void> {
    for (let turn = 0; turn < 50; turn++) await Promise.resolve();
  }

  async value(name: keyof OutboxMetrics): Promise<number | undefined> {
    return (await this.metrics[name].get()).values[0]?.value;
  }

  /** The lines of one kind, those included that are held back for a moment. */
  linesOf(message: string): Record<string, unknown>[] {
    this.signals.logEvicted();
    return this.lines.filter((line) => line.msg === message);
  }

  get delivered(): string[] {
    return this.batches.flat();
  }
}

/** A far side that answers everything with this status. */
export const fail = (code: GrpcCode) => () => {
  throw refusal(code);
};
/** `u0`, `u1` and so on. */
export const numbered = (count: number) => Array.from({ length: count }, (_, n) => `u${n}`);

import { BatchSpanProcessor, type ReadableSpan, type SpanExporter } from '@opentelemetry/sdk-trace';
import type { Logger } from 'pino';
import type { CallContext } from '../../domain/call-context.js';
import { withDeadline } from '../../domain/loop-timeout.js';
import type { AttemptRecord, SpanRecord } from '../../domain/span-record.js';
import type { HttpFacts } from '../http-facts.js';
import { type RequestSpans, spanCount } from './request-spans.js';
import type { SpanOutcome } from './trace-metrics.js';
import type { SpanSink } from './tracing.js';

/** Maximum number of spans of one export. */
export const BATCH_SIZE = 512;
/**
 * Time for the last exports at the end, in ms; what is left then is lost, since the process has other things to
 * close.
 */
const CLOSE_MS = 1_500;
const MAX_REASON = 200;

type ExportResult = Parameters<Parameters<SpanExporter['export']>[1]>[0];

/** Dependencies of an export. */
export interface ExportParts {
  readonly spans: RequestSpans;
  readonly exporter: SpanExporter;
  /** Maximum number of spans that wait or are in flight. */
  readonly queueSize: number;
  readonly delayMs: number;
  readonly log: Logger;
  readonly count: (outcome: SpanOutcome, spans: number) => void;
}

/**
 * Exports spans to a collector in batches. Nothing waits for it: a collector that is slow or down costs spans, which
 * are counted, and never requests or memory. One line is logged when exports begin to fail, and one when they work
 * again.
 */
export class SpanExport implements SpanSink {
  private pending = 0;
  private isFailing = false;
  private isClosed = false;
  private readonly batches: BatchSpanProcessor;

  constructor(private readonly parts: ExportParts) {
    const { queueSize, delayMs, exporter } = parts;
    this.batches = new BatchSpanProcessor({
      exporter: {
        export: (spans, done) => exporter.export(spans, (result) => done(this.ended(spans.length, result))),
        shutdown: () => exporter.shutdown(),
      },
      maxQueueSize: queueSize,
      maxExportBatchSize: Math.min(BATCH_SIZE, queueSize),
      scheduledDelayMillis: delayMs,
    });
  }

  /** Number of spans whose export has not ended. */
  get queueLength(): number {
    return this.pending;
  }

  keep(record: SpanRecord, call: CallContext, http: HttpFacts): boolean {
    const count = spanCount(record);
    if (!this.hasRoom(count)) return false;
    this.push(this.parts.spans.of(record, call, http));
    return true;
  }

  keepAttempt(record: SpanRecord, attempt: AttemptRecord): void {
    if (this.hasRoom(1)) this.push([this.parts.spans.late(record, attempt)]);
  }

  async close(): Promise<void> {
    this.isClosed = true;
    await withDeadline(CLOSE_MS, () => this.batches.shutdown()).catch(() => undefined);
    if (this.pending > 0) this.parts.log.warn({ spans: this.pending }, 'trace_spans_lost');
  }

  private hasRoom(count: number): boolean {
    if (!this.isClosed && this.pending + count <= this.parts.queueSize) return true;
    this.parts.count('dropped', count);
    return false;
  }

  private push(spans: readonly ReadableSpan[]): void {
    this.pending += spans.length;
    for (const span of spans) this.batches.onEnd(span);
  }

  private ended(spans: number, result: ExportResult): ExportResult {
    const failed = result.code !== 0;
    this.pending -= spans;
    this.parts.count(failed ? 'failed' : 'exported', spans);
    if (failed !== this.isFailing) this.report(failed, result.error);
    this.isFailing = failed;
    return result;
  }

  private report(failed: boolean, error: Error | undefined): void {
    const reason = (error?.message ?? '').slice(0, MAX_REASON);
    if (failed) this.parts.log.warn({ reason }, 'trace_export_failing: spans are lost until the collector takes them');
    else this.parts.log.info('trace_export_recovered');
  }
}

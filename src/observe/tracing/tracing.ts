import { Injectable } from '@nestjs/common';
import type { TracingConfig } from '../../config/schema/tracing-settings.js';
import type { CallContext } from '../../domain/call-context.js';
import { HexSource } from '../../domain/hex-source.js';
import { type AttemptRecord, SpanRecord } from '../../domain/span-record.js';
import { isSampled, type TraceContext } from '../../domain/trace-context.js';
import type { HttpFacts } from '../http-facts.js';

/** Number of random digits of a trace id: the last 56 bits (W3C Trace Context level 2, 3.2.2.3). */
const RANDOM_DIGITS = 14;

/** Receives the traces that are kept. Set by the exporter, which is loaded only while tracing is on. */
export interface SpanSink {
  /** Exports the spans of a request. Returns false when there is no room for them. */
  keep(record: SpanRecord, call: CallContext, http: HttpFacts): boolean;
  /** Exports the span of an attempt that outlived its request. */
  keepAttempt(record: SpanRecord, attempt: AttemptRecord): void;
  /** Exports the waiting spans, within its time limit. */
  close(): Promise<void>;
}

/**
 * Decides which requests are traced: at their start a share of all by their ids, so that the decision can be
 * propagated; at their end those that were refused, failed or were slow. Exists only while tracing is on.
 */
@Injectable()
export class Tracing {
  readonly ids = new HexSource();
  /** Random digits from here on are sampled (OpenTelemetry, consistent probability sampling). */
  private readonly threshold: string;

  constructor(
    private readonly rules: Pick<TracingConfig, 'sampleRatio' | 'slowMs'>,
    private readonly sink: SpanSink,
    /** True if durations carry the ids of kept traces as exemplars. */
    readonly hasExemplars = false,
  ) {
    this.threshold = thresholdOf(rules.sampleRatio);
  }

  /** Decides by the last 14 of some random hexadecimal digits. */
  isSampled(digits: string): boolean {
    return digits.slice(-RANDOM_DIGITS) >= this.threshold;
  }

  begin(trace: TraceContext): SpanRecord {
    return new SpanRecord(trace, this.ids);
  }

  /** Exports the trace of a finished request, or drops it. */
  finish(record: SpanRecord, call: CallContext, http: HttpFacts): void {
    if (!this.isKept(record, call, http)) return;
    record.isKept = this.sink.keep(record, call, http);
    if (record.isKept) record.onLateAttempt = (attempt) => this.sink.keepAttempt(record, attempt);
  }

  close(): Promise<void> {
    return this.sink.close();
  }

  private isKept(record: SpanRecord, call: CallContext, http: HttpFacts): boolean {
    if (call.isOperational) return false;
    if (isSampled(record.trace) || call.outcome === 'deny') return true;
    if (http.status >= 500 || (call.error?.status ?? 0) >= 500) return true;
    return timeToResponse(call, http) >= this.rules.slowMs;
  }
}

/** Returns the threshold that a share `ratio` of all random digits reaches; for 0, one that none reaches. */
function thresholdOf(ratio: number): string {
  if (ratio === 0) return 'g';
  const rejected = BigInt(Math.round((1 - ratio) * 2 ** 52)) << 4n;
  return rejected.toString(16).padStart(RANDOM_DIGITS, '0');
}

/** Returns ms until the response; of a stream, until its first message, since its duration depends on its reader. */
function timeToResponse(call: CallContext, { durationMs }: HttpFacts): number {
  if (call.method?.kind !== 'server_stream' || call.upstream === undefined) return durationMs;
  return call.authnMs + call.authzMs + call.queueMs + call.upstream.serviceMs;
}

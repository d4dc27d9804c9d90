import { Counter, Gauge, type Registry } from 'prom-client';

/** Outcome of a span: exported, dropped (the queue was full), failed (the collector did not accept it). */
export type SpanOutcome = 'exported' | 'dropped' | 'failed';

/** Metrics of tracing. They exist only while it is on. */
export class TraceMetrics {
  private readonly spans: Counter<'outcome'>;

  /** @param queueLength returns the number of spans that wait for their export. */
  constructor(registry: Registry, queueLength: () => number) {
    this.spans = new Counter({
      name: 'gateway_trace_spans_total',
      help: 'Spans of kept traces: exported, dropped (queue full), failed (not accepted by the collector).',
      labelNames: ['outcome'],
      registers: [registry],
    });
    for (const outcome of ['exported', 'dropped', 'failed'] as const) this.count(outcome, 0);
    new Gauge({
      name: 'gateway_trace_queue_spans',
      help: 'Spans that wait for their export; the maximum is OTEL_BSP_MAX_QUEUE_SIZE.',
      registers: [registry],
      collect() {
        this.set(queueLength());
      },
    });
  }

  count(outcome: SpanOutcome, spans: number): void {
    this.spans.inc({ outcome }, spans);
  }
}

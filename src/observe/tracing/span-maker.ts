import {
  type Attributes,
  type HrTime,
  type SpanContext,
  SpanKind,
  type SpanStatus,
  SpanStatusCode,
  TraceFlags,
} from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import type { TraceContext } from '../../domain/trace-context.js';
import { traceIdOf } from '../../domain/trace-context.js';

/** The individual parts of a span. Moments are `performance.now()` ms. */
export interface SpanParts {
  readonly name: string;
  readonly kind: SpanKind;
  readonly spanId: string;
  /** Empty for the first span of a trace. */
  readonly parentSpanId: string;
  readonly from: number;
  readonly to: number;
  readonly attributes: Attributes;
  /** Why it failed; undefined for success. */
  readonly error?: string | undefined;
  readonly events?: readonly SpanMoment[];
}

/** An event within a span. */
export interface SpanMoment {
  readonly name: string;
  readonly at: number;
}

const UNSET: SpanStatus = { code: SpanStatusCode.UNSET };

/**
 * Makes the spans of one trace, in the form that exporters take. It does not use a tracer of the SDK, which measures
 * times and generates ids itself, whereas here both are known before it is decided that there are spans.
 */
export class SpanMaker {
  /** Measured for each trace, because `performance.now()` does not follow changes of the system clock. */
  private readonly clockOffset = Date.now() - performance.now();
  private readonly traceId: string;

  constructor(
    private readonly origin: Pick<ReadableSpan, 'resource' | 'instrumentationScope'>,
    trace: TraceContext,
  ) {
    this.traceId = traceIdOf(trace);
  }

  make({ name, kind, spanId, parentSpanId, from, to, attributes, error, events = [] }: SpanParts): ReadableSpan {
    const own = this.contextOf(spanId, false);
    const parent = parentSpanId === '' ? undefined : this.contextOf(parentSpanId, kind === SpanKind.SERVER);
    return {
      name,
      kind,
      spanContext: () => own,
      ...(parent === undefined ? {} : { parentSpanContext: parent }),
      startTime: hrTime(from + this.clockOffset),
      endTime: hrTime(Math.max(from, to) + this.clockOffset),
      duration: hrTime(Math.max(to - from, 0)),
      ended: true,
      status: error === undefined ? UNSET : { code: SpanStatusCode.ERROR, message: error },
      attributes,
      events: events.map((event) => ({ name: event.name, time: hrTime(event.at + this.clockOffset) })),
      links: [],
      droppedAttributesCount: 0,
      droppedEventsCount: 0,
      droppedLinksCount: 0,
      ...this.origin,
    };
  }

  /**
   * Returns the context of a span. Exported spans are marked as sampled, even if that was decided after the flag had
   * been sent to others.
   */
  private contextOf(spanId: string, isRemote: boolean): SpanContext {
    return { traceId: this.traceId, spanId, traceFlags: TraceFlags.SAMPLED, isRemote };
  }
}

/** Returns seconds and nanoseconds. */
function hrTime(ms: number): HrTime {
  const seconds = Math.floor(ms / 1000);
  return [seconds, Math.min(Math.round((ms - seconds * 1000) * 1_000_000), 999_999_999)];
}

/** The trace context of a request as propagated to upstreams (W3C Trace Context). */
export interface TraceContext {
  /** Version 00, with the span id of this request. */
  readonly traceparent: string;
  /** State of other tracing systems in a continued trace; empty for one that begins here. */
  readonly tracestate: string;
  /** Id of the client's span; absent in a trace that begins here. */
  readonly parentSpanId?: string;
}

/** Trace context of requests while tracing is off. */
export const NO_TRACE: TraceContext = { traceparent: '', tracestate: '' };

/** Returns the trace id: 32 hexadecimal digits. */
export function traceIdOf({ traceparent }: Pick<TraceContext, 'traceparent'>): string {
  return traceparent.slice(3, 35);
}

/** Returns the id of the span of this request: 16 hexadecimal digits. */
export function spanIdOf({ traceparent }: TraceContext): string {
  return traceparent.slice(36, 52);
}

/** Returns the sampled flag that is propagated. */
export function isSampled({ traceparent }: TraceContext): boolean {
  return traceparent.endsWith('1');
}

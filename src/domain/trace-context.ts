/** The trace of a request, as it is told to upstreams (W3C Trace Context). */
export interface TraceContext {
  /** Version 00, with a span id of this request's own. */
  readonly traceparent: string;
  /** What other systems keep in a trace that goes on; empty for one that begins here. */
  readonly tracestate: string;
  /** Id of the client's span; absent in a trace that begins here. */
  readonly parentSpanId?: string;
}

/** Stands where nothing is traced. */
export const NO_TRACE: TraceContext = { traceparent: '', tracestate: '' };

/** Returns the trace id: 32 hexadecimal digits. */
export function traceIdOf({ traceparent }: Pick<TraceContext, 'traceparent'>): string {
  return traceparent.slice(3, 35);
}

/** Returns the id of the span of this request: 16 hexadecimal digits. */
export function spanIdOf({ traceparent }: TraceContext): string {
  return traceparent.slice(36, 52);
}

/** Returns the sampled flag that is passed on. */
export function isSampled({ traceparent }: TraceContext): boolean {
  return traceparent.endsWith('1');
}

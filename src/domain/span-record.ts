import type { HexSource } from './hex-source.js';
import type { RpcMethod } from './rpc-method.js';
import type { TraceContext } from './trace-context.js';

/** Steps of a request that have a span, in their order, with the class that performs them. */
const SPAN_STEPS = [
  ['authentication', 'AuthenticationGuard'],
  ['tenant', 'TenantGuard'],
  ['authorization', 'RolesGuard'],
  ['rate_limit', 'RateLimitInterceptor'],
  ['circuit_breaker', 'CircuitBreakerInterceptor'],
] as const;

/** Names of the spans of steps, by position. */
export const STEP_NAMES: readonly string[] = SPAN_STEPS.map(([name]) => name);
/** Position after the last step, which ends it. */
export const AFTER_STEPS = SPAN_STEPS.length;
/** A step without a span. */
export const NO_SPAN = -1;

/** Returns the position of a step by the name of the class that performs it. */
export function spanStep(className: string): number {
  return SPAN_STEPS.findIndex(([, taker]) => taker === className);
}

/** Maximum number of attempts per request that become spans. Later ones have span ids but are not exported. */
const MAX_ATTEMPTS = 64;

/** One attempt at an upstream. */
export class AttemptRecord {
  /** 0 while it runs, in `performance.now()` ms. */
  endedAt = 0;
  /** Name of its final gRPC status. */
  grpcCode = '';
  /** Position of the step in which the attempt was made; {@link NO_SPAN} before the first step. */
  readonly step: number;

  constructor(
    private readonly record: SpanRecord,
    readonly method: Pick<RpcMethod, 'upstream' | 'path'>,
    /** 16 hexadecimal digits; the parent of the spans of the backend. */
    readonly spanId: string,
    readonly startedAt: number,
  ) {
    this.step = record.step;
  }

  /** Returns the `traceparent` for the backend: this attempt is the parent of its spans. */
  get traceparent(): string {
    const { traceparent } = this.record.trace;
    return traceparent.slice(0, 36) + this.spanId + traceparent.slice(52);
  }

  end(grpcCode: string, at: number): void {
    this.grpcCode = grpcCode;
    this.endedAt = at;
    this.record.onLateAttempt?.(this);
  }
}

/**
 * Timestamps of a request from which its spans are made if the trace is kept: recording costs one number per step, and
 * spans are created only for traces that are exported. All times are `performance.now()` ms.
 */
export class SpanRecord {
  /** Start of each step, and end of the last one; 0 for steps that were not reached. */
  readonly moments: number[] = [0, 0, 0, 0, 0, 0];
  /** Position of the current step. */
  step = NO_SPAN;
  attempts: AttemptRecord[] | undefined;
  /** True if the spans are exported. Decided when the request is over. */
  isKept = false;
  /** Receives attempts that end after the request, once the trace is kept. */
  onLateAttempt: ((attempt: AttemptRecord) => void) | undefined;

  constructor(
    readonly trace: TraceContext,
    private readonly ids: HexSource,
  ) {}

  /** Records that the request enters another step. */
  enter(step: number): void {
    this.step = step;
    this.moments[step] = performance.now();
  }

  /** Records that a call is sent. */
  beginAttempt(method: RpcMethod, at: number): AttemptRecord {
    const attempt = new AttemptRecord(this, method, this.ids.draw(8), at);
    if (this.attempts === undefined) this.attempts = [attempt];
    else if (this.attempts.length < MAX_ATTEMPTS) this.attempts.push(attempt);
    return attempt;
  }
}

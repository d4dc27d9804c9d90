import type { HexSource } from './hex-source.js';
import type { RpcMethod } from './rpc-method.js';
import type { TraceContext } from './trace-context.js';

/** Steps of a request that have a span, in their order, with the class that takes them. */
const SPAN_STEPS = [
  ['authentication', 'AuthenticationGuard'],
  ['tenant', 'TenantGuard'],
  ['authorization', 'RolesGuard'],
  ['rate_limit', 'RateLimitInterceptor'],
  ['circuit_breaker', 'CircuitBreakerInterceptor'],
] as const;

/** Names of the spans of steps, by their position. */
export const STEP_NAMES: readonly string[] = SPAN_STEPS.map(([name]) => name);
/** Position of what follows all of them, which ends the last one. */
export const AFTER_STEPS = SPAN_STEPS.length;
/** A step without a span. */
export const NO_SPAN = -1;

/** Returns the position of a step by the name of the class that takes it. */
export function spanStep(className: string): number {
  return SPAN_STEPS.findIndex(([, taker]) => taker === className);
}

/** Attempts of one request that become spans. Later ones have ids of their own and are left out. */
const MAX_ATTEMPTS = 64;

/** One attempt at an upstream. */
export class AttemptRecord {
  /** 0 while it runs, in `performance.now()` ms. */
  endedAt = 0;
  /** Name of the gRPC status it ended with. */
  grpcCode = '';
  /** Position of the step that the request was in; {@link NO_SPAN} before the first. */
  readonly step: number;

  constructor(
    private readonly record: SpanRecord,
    readonly method: Pick<RpcMethod, 'upstream' | 'path'>,
    /** 16 hexadecimal digits; the parent of what the backend does. */
    readonly spanId: string,
    readonly startedAt: number,
  ) {
    this.step = record.step;
  }

  /** What the backend is told: this attempt is the parent of its spans. */
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
 * The moments of a request from which its spans are made if the trace is kept: recording costs a number per step, and
 * no span exists until it is known that somebody will see it. All times are `performance.now()` ms.
 */
export class SpanRecord {
  /** When each step began, and what follows them; 0 for those that the request did not come to. */
  readonly moments: number[] = [0, 0, 0, 0, 0, 0];
  /** Position of the step that the request is in. */
  step = NO_SPAN;
  attempts: AttemptRecord[] | undefined;
  /** Whether the spans are exported. Decided when the request is over. */
  isKept = false;
  /** Takes attempts that end after the request, once it is kept. */
  onLateAttempt: ((attempt: AttemptRecord) => void) | undefined;

  constructor(
    readonly trace: TraceContext,
    private readonly ids: HexSource,
  ) {}

  /** Notes that the request goes on to another step. */
  enter(step: number): void {
    this.step = step;
    this.moments[step] = performance.now();
  }

  /** Notes that a call is sent. */
  beginAttempt(method: RpcMethod, at: number): AttemptRecord {
    const attempt = new AttemptRecord(this, method, this.ids.draw(8), at);
    if (this.attempts === undefined) this.attempts = [attempt];
    else if (this.attempts.length < MAX_ATTEMPTS) this.attempts.push(attempt);
    return attempt;
  }
}

import type { HexSource } from './hex-source.js';
import type { RpcMethod } from './rpc-method.js';
import type { TraceContext } from './trace-context.js';

/** Attempts of one request that become spans. Later ones have ids of their own and are left out. */
const MAX_ATTEMPTS = 64;

/** One attempt at an upstream. */
export class AttemptRecord {
  /** 0 while it runs, in `performance.now()` ms. */
  endedAt = 0;
  /** Name of the gRPC status it ended with. */
  grpcCode = '';
  /** Position in {@link SpanRecord.steps} of what the request was doing; -1 before the first. */
  readonly step: number;

  constructor(
    private readonly record: SpanRecord,
    readonly method: Pick<RpcMethod, 'upstream' | 'path'>,
    /** 16 hexadecimal digits; the parent of what the backend does. */
    readonly spanId: string,
    readonly startedAt: number,
  ) {
    this.step = record.steps.length - 1;
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
  /** Names of those that the request has come to. */
  readonly steps: string[] = [];
  /** When each of them began. */
  readonly moments: number[] = [];
  readonly attempts: AttemptRecord[] = [];
  /** Whether the spans are exported. Decided when the request is over. */
  isKept = false;
  /** Takes attempts that end after the request, once it is kept. */
  onLateAttempt: ((attempt: AttemptRecord) => void) | undefined;

  constructor(
    readonly trace: TraceContext,
    private readonly ids: HexSource,
  ) {}

  /** Notes that the request goes on to another step. */
  enter(step: string): void {
    this.steps.push(step);
    this.moments.push(performance.now());
  }

  /** Notes that a call is sent. */
  beginAttempt(method: RpcMethod, at: number): AttemptRecord {
    const attempt = new AttemptRecord(this, method, this.ids.draw(8), at);
    if (this.attempts.length < MAX_ATTEMPTS) this.attempts.push(attempt);
    return attempt;
  }
}

import { Cancellation } from './cancellation.js';
import type { DecisionReason } from './decision-reason.js';
import type { GatewayError } from './errors.js';
import type { Linked } from './linked-set.js';
import type { Policy } from './policy.js';
import type { Principal } from './principal.js';
import type { RateLimitVerdict } from './rate-limit.js';
import type { RequestStage } from './request-stage.js';
import type { RpcMethod } from './rpc-method.js';
import { NO_SPAN, type SpanRecord } from './span-record.js';
import type { TraceContext } from './trace-context.js';

/** Time that calls waited for a connection with capacity, in ms: close to 0 while one is open. */
export interface ConnectWait {
  connectMs: number;
}

/** Times of the calls that decide whether a request is allowed. */
export interface AuthWait extends ConnectWait {
  /** Time that upstreams took to answer them, in ms. */
  upstreamMs: number;
}

/** Data about the upstream call of a request, for the log line. */
export interface UpstreamTrace extends ConnectWait {
  upstream: string;
  rpc: string;
  grpcCode: string;
  attempts: number;
  deadlineMs: number;
  serviceMs: number;
}

/** A circuit breaker that has admitted a request before its call. */
export interface PermitIssuer {
  leave(ticket: number, verdict: 'nothing'): void;
}

/** Subject of a guardrail check: the request, the response of a unary RPC, or messages of a stream. */
export type GuardrailPhase = 'request' | 'response' | 'chunk';

/**
 * Outcome of a guardrail check. `skipped`: the guardrail was not called, because its circuit breaker is open, it is at
 * capacity or there is none.
 */
export type GuardrailOutcome = 'allowed' | 'blocked' | 'timeout' | 'error' | 'skipped';

/** Result of the guardrail for a request, for the log line: the most severe one of all its checks. */
export interface GuardrailRecord {
  phase: GuardrailPhase;
  decision: GuardrailOutcome;
  /** Category that the guardrail returned; never text of a message. */
  reason: string;
  /** Time spent waiting for all checks, in ms. */
  ms: number;
}

/** Context of one request. Created by the edge and passed by reference; times are `performance.now()` ms. */
export class CallContext implements Linked<CallContext> {
  /** Neighbors among the requests in flight. */
  before: CallContext | undefined;
  after: CallContext | undefined;
  principal: Principal | undefined;
  /** RPC of the route; undefined on the gateway's own routes. */
  method: RpcMethod | undefined;
  /** Access policy; undefined on a route without a declared policy, which denies everybody. */
  policy: Policy | undefined;
  /** Label of the route in metrics and logs: the template of the proto. */
  routeLabel = '_unmatched';
  /**
   * True if the request concerns the gateway itself, under any spelling of such a path that the router accepts: see
   * `isOperational`.
   */
  isOperational = false;
  /** True if the caller's permission extends to all tenants (scope `all`). */
  crossTenant = false;
  /** True if the caller may set the privileged fields of the route. */
  privileged = false;
  /** Prefix of links in the response: `/edge`, or empty. */
  basePath = '';
  decisionReason: DecisionReason | undefined;
  /** Result of authorization; empty until it is decided. */
  outcome: '' | 'allow' | 'deny' | 'error' = '';
  error: GatewayError | undefined;
  authnMs = 0;
  authzMs = 0;
  /** Times of the calls that decided whether the request is allowed; undefined when there were none. */
  authWait: AuthWait | undefined;
  /** Time until the whole body was received. */
  receiveMs = 0;
  /** Time until the first message of a stream; 0 before it. */
  firstMessageMs = 0;
  jwtCacheHit = false;
  /** True if the bit sets of the contract decided, instead of a reading of grants or AuthService. */
  bitmapAuthzUsed = false;
  /** True if the identity comes from an expired cache entry, because AuthService is unavailable. */
  authCacheStale = false;
  /** Bytes of its own body that it holds: see `BodyMemory`. */
  bodyBytes = 0;
  /** Number of bytes of a streamed body so far. */
  bytesStreamed = 0;
  /** True if the gateway closed the connection during a response that failed and whose format cannot report errors. */
  abortedByGateway = false;
  /** Current stage of the request. */
  stage: RequestStage = 'auth';
  /** Timestamps for its spans if its trace is kept; undefined while tracing is off. */
  spans: SpanRecord | undefined;
  upstream: UpstreamTrace | undefined;
  /** Last result of the rate limits; undefined where none applies. */
  rateLimit: RateLimitVerdict | undefined;
  /** Time spent waiting for the shared count of all instances. */
  rateLimitMs = 0;
  /** State of the circuit breaker of its upstream when the request reached it; empty when it did not. */
  breakerState: '' | 'closed' | 'open' | 'half_open' = '';
  /** Time spent waiting for a permit of a concurrency limit. */
  queueMs = 0;
  /** Result of the response cache; empty where there is none. `stale`: the upstream failed. */
  responseCache: '' | 'hit' | 'miss' | 'stale' = '';
  /** Fallback that replaced the response of an upstream that failed; empty for its own response. */
  fallback: '' | 'cached' | 'static' | 'upstream' = '';
  /** Result of the guardrail; undefined where it was not called. */
  guardrail: GuardrailRecord | undefined;
  /** Deadline that the client set; Infinity when it set none. */
  clientDeadlineAt = Infinity;
  /** True if it counts against the limit of requests in flight. */
  admitted = false;
  /** True if it counts against the streams that its tenant may have open. */
  holdsStream = false;

  /** Cancels work for the request when nobody waits any longer: its client left, or the gateway gave up on it. */
  readonly cancellation = new Cancellation();
  private permitIssuer: PermitIssuer | undefined;
  private permit = 0;
  private over = false;

  constructor(
    readonly requestId: string,
    readonly trace: TraceContext,
    readonly startedAt: number,
    private readonly requestDeadlineAt: number,
  ) {}

  /**
   * Records that the request enters another step.
   * @param step position of its span: see `spanStep`.
   */
  enter(stage: RequestStage, step: number): void {
    this.stage = stage;
    if (step !== NO_SPAN) this.spans?.enter(step);
  }

  /**
   * Returns the time by which the request must be answered: a client may shorten it but not extend it. Streams have
   * their own limits.
   */
  get deadlineAt(): number {
    return Math.min(this.requestDeadlineAt, this.clientDeadlineAt);
  }

  /** Returns an AbortSignal that is aborted with {@link cancellation}, for APIs that require one. */
  get signal(): AbortSignal {
    return this.cancellation.signal;
  }

  cancel(reason: GatewayError): void {
    this.cancellation.cancel(reason);
  }

  /** Returns whether its response was sent, or never will be. */
  get isOver(): boolean {
    return this.over;
  }

  /** Marks the request as over, and releases an unused permit. */
  end(): void {
    this.over = true;
    this.releasePermit();
  }

  /**
   * Keeps the permit of a circuit breaker until the call uses it or the request ends. A request that is over releases
   * it immediately.
   */
  holdPermit(issuer: PermitIssuer, ticket: number): void {
    this.releasePermit();
    if (this.over) return issuer.leave(ticket, 'nothing');
    this.permitIssuer = issuer;
    this.permit = ticket;
  }

  /** Returns the permit of a circuit breaker, which the caller must then release; 0 when there is none. */
  takePermit(issuer: PermitIssuer): number {
    if (this.permitIssuer !== issuer) return 0;
    this.permitIssuer = undefined;
    return this.permit;
  }

  /** Releases an unused permit. Idempotent. */
  releasePermit(): void {
    const issuer = this.permitIssuer;
    this.permitIssuer = undefined;
    issuer?.leave(this.permit, 'nothing');
  }

  /** Passes an unused permit to another context of the same request. */
  passPermitTo(other: CallContext): void {
    const issuer = this.permitIssuer;
    this.permitIssuer = undefined;
    if (issuer !== undefined) other.holdPermit(issuer, this.permit);
  }

  /** Returns the verified tenant of the caller; empty before authentication and on open endpoints. */
  get tenantId(): string {
    return this.principal?.tenantId ?? '';
  }
}

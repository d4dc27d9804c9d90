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

/** How long calls waited for a connection with room, in ms: next to nothing while one is open. */
export interface ConnectWait {
  connectMs: number;
}

/** Of the calls that decide whether a request may pass. */
export interface AuthWait extends ConnectWait {
  /** How long upstreams took to answer them, in ms. */
  upstreamMs: number;
}

/** What happened on the way to an upstream, for the log line. */
export interface UpstreamTrace extends ConnectWait {
  upstream: string;
  rpc: string;
  grpcCode: string;
  attempts: number;
  deadlineMs: number;
  serviceMs: number;
}

/** A circuit breaker that let a request in ahead of its call. */
export interface PermitIssuer {
  leave(ticket: number, verdict: 'nothing'): void;
}

/** What is shown to a guardrail: the request, the response of a unary RPC, or messages of a stream. */
export type GuardrailPhase = 'request' | 'response' | 'chunk';

/** How a check of the guardrail ended. `skipped`: it was not asked, because its circuit is open, it is full or there is none. */
export type GuardrailOutcome = 'allowed' | 'blocked' | 'timeout' | 'error' | 'skipped';

/** What the guardrail said of a request, for the log line: of all its checks the one that matters most. */
export interface GuardrailRecord {
  phase: GuardrailPhase;
  decision: GuardrailOutcome;
  /** Category that the guardrail gave; never text of a message. */
  reason: string;
  /** Time spent waiting for all checks, in ms. */
  ms: number;
}

/** One request on its way through the gateway. Made by the edge, passed on by reference; times are `performance.now()` ms. */
export class CallContext implements Linked<CallContext> {
  /** Its neighbors among the requests in flight. */
  before: CallContext | undefined;
  after: CallContext | undefined;
  principal: Principal | undefined;
  /** The RPC behind the route; undefined on routes of the gateway's own. */
  method: RpcMethod | undefined;
  /** Who may pass; undefined on a route that declares nothing, which lets nobody in. */
  policy: Policy | undefined;
  /** Label of the route in metrics and logs: the template of the proto. */
  routeLabel = '_unmatched';
  /** Asks about the gateway itself, under any spelling of such a path that the router takes: see `isOperational`. */
  isOperational = false;
  /** The caller's permission reaches over tenants (scope `all`). */
  crossTenant = false;
  /** The caller may set the privileged fields of the route. */
  privileged = false;
  /** What the paths of links in the answer begin with: `/edge`, or empty. */
  basePath = '';
  decisionReason: DecisionReason | undefined;
  /** What authorization came to; empty until it has. */
  outcome: '' | 'allow' | 'deny' | 'error' = '';
  error: GatewayError | undefined;
  authnMs = 0;
  authzMs = 0;
  /** Of the calls that decided whether the request may pass; undefined when there were none. */
  authWait: AuthWait | undefined;
  /** Time until the whole body was there. */
  receiveMs = 0;
  /** Time until the first message of a stream was there; 0 before it. */
  firstMessageMs = 0;
  jwtCacheHit = false;
  /** The bit sets of the contract decided, not a reading of grants or AuthService. */
  bitmapAuthzUsed = false;
  /** The identity comes from a cached verdict that is past its time, because AuthService cannot be asked. */
  authCacheStale = false;
  /** Bytes of its own body that it holds: see `BodyMemory`. */
  bodyBytes = 0;
  /** Bytes of a streamed body so far. */
  bytesStreamed = 0;
  /** The gateway itself closed the connection in the middle of an answer: it failed, and its format could not say so. */
  abortedByGateway = false;
  /** What the request is doing now. */
  stage: RequestStage = 'auth';
  /** What its spans are made from if its trace is kept; undefined while tracing is off. */
  spans: SpanRecord | undefined;
  upstream: UpstreamTrace | undefined;
  /** What the rate limits said last; undefined where none applies. */
  rateLimit: RateLimitVerdict | undefined;
  /** Time spent waiting for the count of all instances. */
  rateLimitMs = 0;
  /** What the circuit of its upstream was when it came to it; empty when it did not. */
  breakerState: '' | 'closed' | 'open' | 'half_open' = '';
  /** Time spent waiting for a place at upstreams. */
  queueMs = 0;
  /** What the response cache did for it; empty where there is none. `stale`: the upstream failed. */
  responseCache: '' | 'hit' | 'miss' | 'stale' = '';
  /** What was answered in the place of an upstream that failed; empty for its own answer. */
  fallback: '' | 'cached' | 'static' | 'upstream' = '';
  /** What the guardrail said of it; undefined where it was not asked. */
  guardrail: GuardrailRecord | undefined;
  /** Moment that the client itself set; Infinity when it set none. */
  clientDeadlineAt = Infinity;
  /** It counts against the limit of requests in flight. */
  admitted = false;
  /** It counts against the streams that its tenant may have open. */
  holdsStream = false;

  /** Tells work for it that nobody waits any longer: its client left, or the gateway gave up on it. */
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

  /** Notes that the request goes on to another step of its way. @param step position of its span: see `spanStep`. */
  enter(stage: RequestStage, step: number): void {
    this.stage = stage;
    if (step !== NO_SPAN) this.spans?.enter(step);
  }

  /** Moment by which the request must be answered: a client may ask for less time, not for more. Streams have limits of their own. */
  get deadlineAt(): number {
    return Math.min(this.requestDeadlineAt, this.clientDeadlineAt);
  }

  /** Aborted with {@link cancellation}, for what takes nothing but an AbortSignal. */
  get signal(): AbortSignal {
    return this.cancellation.signal;
  }

  cancel(reason: GatewayError): void {
    this.cancellation.cancel(reason);
  }

  /** Its response was sent, or never will be. */
  get isOver(): boolean {
    return this.over;
  }

  /** Notes that it is over, and gives an unused permit back. */
  end(): void {
    this.over = true;
    this.releasePermit();
  }

  /** Keeps the permit of a circuit breaker until the call uses it or the request ends; one that is over gives it back. */
  holdPermit(issuer: PermitIssuer, ticket: number): void {
    this.releasePermit();
    if (this.over) return issuer.leave(ticket, 'nothing');
    this.permitIssuer = issuer;
    this.permit = ticket;
  }

  /** Returns the permit of a circuit breaker, which is then the caller's to leave with; 0 when there is none. */
  takePermit(issuer: PermitIssuer): number {
    if (this.permitIssuer !== issuer) return 0;
    this.permitIssuer = undefined;
    return this.permit;
  }

  /** Gives an unused permit back. Idempotent. */
  releasePermit(): void {
    const issuer = this.permitIssuer;
    this.permitIssuer = undefined;
    issuer?.leave(this.permit, 'nothing');
  }

  /** Hands an unused permit over to another context of the same request. */
  passPermitTo(other: CallContext): void {
    const issuer = this.permitIssuer;
    this.permitIssuer = undefined;
    if (issuer !== undefined) other.holdPermit(issuer, this.permit);
  }

  /** The verified tenant of the caller; empty before authentication and on open endpoints. */
  get tenantId(): string {
    return this.principal?.tenantId ?? '';
  }
}

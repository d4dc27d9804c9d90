import type { CallContext, UpstreamTrace } from '../domain/call-context.js';
import type { DecisionReason } from '../domain/decision-reason.js';
import type { GatewayError } from '../domain/errors.js';
import {
  type RateLimitOutcome,
  type RateLimitScope,
  type RateLimitVerdict,
  tightestBucket,
} from '../domain/rate-limit.js';
import type { HttpFacts } from './http-facts.js';

const KEPT_REQUESTS = 1_024;
const KEPT_ERRORS = 50;
const FIRST_SERVER_ERROR = 500;

const NO_CALL: UpstreamTrace = {
  upstream: '',
  rpc: '',
  grpcCode: '',
  attempts: 0,
  deadlineMs: 0,
  serviceMs: 0,
  connectMs: 0,
};

/**
 * Outcome of one request. Holds nothing of its body, credential or connection, and no object of the request except
 * its error: the garbage collector would copy whatever a thousand requests retain.
 */
export class RecentRequest {
  /** Unix ms at its end; 0 for an unused entry. */
  at = 0;
  requestId = '';
  traceparent = '';
  method = '';
  path = '';
  route = '';
  tenantId = '';
  status = 0;
  error: GatewayError | undefined;
  decisionReason: DecisionReason | undefined;
  outcome = '';
  access = '';
  upstreamName = '';
  /** Empty if no upstream was called. */
  rpc = '';
  grpcCode = '';
  attempts = 0;
  connectMs = 0;
  serviceMs = 0;
  deadlineMs = 0;
  breakerState = '';
  rateLimitOutcome: RateLimitOutcome | undefined;
  rateLimitScope: RateLimitScope | undefined;
  rateLimitRemaining = 0;
  responseCache = '';
  fallback = '';
  durationMs = 0;
  authnMs = 0;
  authzMs = 0;
  queueMs = 0;
  rateLimitMs = 0;

  fill(call: CallContext, http: HttpFacts, at: number): void {
    this.at = at;
    this.requestId = call.requestId;
    this.traceparent = call.trace.traceparent;
    this.method = http.method;
    this.path = http.path;
    this.route = call.routeLabel;
    this.tenantId = call.tenantId;
    this.status = http.status;
    this.error = call.error;
    this.decisionReason = call.decisionReason;
    this.outcome = call.outcome;
    this.access = call.policy?.access ?? '';
    this.upstreamName = call.method?.upstream ?? '';
    this.breakerState = call.breakerState;
    this.responseCache = call.responseCache;
    this.fallback = call.fallback;
    this.durationMs = http.durationMs;
    this.authnMs = call.authnMs;
    this.authzMs = call.authzMs;
    this.queueMs = call.queueMs;
    this.rateLimitMs = call.rateLimitMs;
    this.fillUpstream(call.upstream ?? NO_CALL);
    this.fillRateLimit(call.rateLimit);
  }

  private fillUpstream({ rpc, grpcCode, attempts, connectMs, serviceMs, deadlineMs }: UpstreamTrace): void {
    this.rpc = rpc;
    this.grpcCode = grpcCode;
    this.attempts = attempts;
    this.connectMs = connectMs;
    this.serviceMs = serviceMs;
    this.deadlineMs = deadlineMs;
  }

  private fillRateLimit(verdict: RateLimitVerdict | undefined): void {
    const bucket = verdict && tightestBucket(verdict);
    this.rateLimitOutcome = verdict?.outcome;
    this.rateLimitScope = bucket?.scope;
    this.rateLimitRemaining = bucket?.remaining ?? 0;
  }
}

/**
 * Holds the last requests, and the last that failed with a 5xx, in preallocated rings whose entries are overwritten.
 */
export class RecentRequests {
  private readonly requests = new Ring(KEPT_REQUESTS);
  private readonly errors = new Ring(KEPT_ERRORS);

  /**
   * Records a finished request.
   * @param at Unix ms.
   */
  note(call: CallContext, http: HttpFacts, at: number): void {
    this.requests.next().fill(call, http, at);
    if (http.status >= FIRST_SERVER_ERROR) this.errors.next().fill(call, http, at);
  }

  find(requestId: string): RecentRequest | undefined {
    return find(this.requests, requestId) ?? find(this.errors, requestId);
  }

  /** Returns the last failures, the newest first. */
  lastErrors(): RecentRequest[] {
    return this.errors.newestFirst();
  }

  /** Returns the last requests, the newest first. */
  last(): RecentRequest[] {
    return this.requests.newestFirst();
  }
}

class Ring {
  private readonly places: readonly RecentRequest[];
  private at = 0;

  constructor(size: number) {
    this.places = Array.from({ length: size }, () => new RecentRequest());
  }

  next(): RecentRequest {
    this.at = (this.at + 1) % this.places.length;
    return this.places[this.at] as RecentRequest;
  }

  newestFirst(): RecentRequest[] {
    const inOrder = [...this.places.slice(this.at + 1), ...this.places.slice(0, this.at + 1)];
    return inOrder.filter(({ at }) => at > 0).toReversed();
  }
}

function find(ring: Ring, requestId: string): RecentRequest | undefined {
  return ring.newestFirst().find((request) => request.requestId === requestId);
}

import { GatewayError } from '../../../domain/errors.js';
import { traceIdOf } from '../../../domain/trace-context.js';
import { causeText } from '../../../observe/access-fields.js';
import type { RecentRequest, RecentRequests } from '../../../observe/recent-requests.js';
import { shownMs, shownTime } from './shown-time.js';

/** Shows the decisions about a recent request. Throws NOT_FOUND for one that has left the ring. */
export function showRequest(recent: RecentRequests, id: string): object {
  const request = recent.find(id);
  if (request !== undefined) return describeRequest(request);
  throw new GatewayError(
    'NOT_FOUND',
    `The request "${id}" is not among the last 1024 of this instance. Its log line has the same fields: look for request_id, in all instances.`,
  );
}

/** Lists the last requests, the newest first. */
export function listRequests(recent: RecentRequests, limit: number): object {
  return { requests: recent.last().slice(0, limit).map(describeRequest) };
}

/** Lists the last 50 requests that ended with a 5xx, the newest first. */
export function listErrors(recent: RecentRequests): object {
  return { errors: recent.lastErrors().map(describeRequest) };
}

/** Describes one request as its log line does. */
export function describeRequest(request: RecentRequest): object {
  const { error, rateLimitOutcome: outcome } = request;
  return {
    id: request.requestId,
    traceId: traceIdOf(request),
    endedAt: shownTime(request.at),
    method: request.method,
    path: request.path,
    route: request.route,
    tenant: request.tenantId,
    status: request.status,
    code: error?.code ?? null,
    detail: error?.detail ?? null,
    cause: error === undefined ? null : causeText(error),
    failureDomain: error?.domain ?? null,
    access: request.access,
    decisionReason: request.decisionReason ?? null,
    outcome: request.outcome,
    upstream: request.upstreamName === '' ? null : request.upstreamName,
    rpc: request.rpc === '' ? null : request.rpc,
    grpcCode: request.rpc === '' ? null : request.grpcCode,
    attempts: request.attempts,
    breakerState: request.breakerState,
    rateLimit:
      outcome === undefined
        ? null
        : { outcome, scope: request.rateLimitScope ?? null, remaining: request.rateLimitRemaining },
    responseCache: request.responseCache,
    fallback: request.fallback,
    timings: {
      totalMs: shownMs(request.durationMs),
      authnMs: shownMs(request.authnMs),
      authzMs: shownMs(request.authzMs),
      rateLimitMs: shownMs(request.rateLimitMs),
      queueMs: shownMs(request.queueMs),
      connectMs: shownMs(request.connectMs),
      upstreamMs: shownMs(request.serviceMs),
      deadlineMs: shownMs(request.deadlineMs),
    },
  };
}

import { Inject, Injectable, Optional } from '@nestjs/common';
import type { CallContext } from '../domain/call-context.js';
import { tightestBucket } from '../domain/rate-limit.js';
import { traceIdOf } from '../domain/trace-context.js';
import { AccessLine, type LineLevel } from './access-line.js';
import { statusClass, type HttpFacts } from './http-facts.js';
import { InFlightRegistry } from './in-flight.js';
import { GATEWAY_LOGGER, type GatewayLogger } from './logger.js';
import { RecentRequests } from './recent-requests.js';
import type { HistogramCell } from './metric-cells.js';
import { GatewayMetrics } from './metrics.js';
import { Tracing } from './tracing/tracing.js';

const UNMATCHED = '_unmatched';
const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

/**
 * Tracks requests: in flight from `begin` on, counted and written as one line at `finish`, whatever their outcome.
 */
@Injectable()
export class AccessLog {
  /** Undefined while tracing is off. */
  @Optional() @Inject(Tracing) private readonly tracing?: Tracing;

  private line: AccessLine;

  constructor(
    @Inject(GATEWAY_LOGGER) private readonly logger: GatewayLogger,
    private readonly metrics: GatewayMetrics,
    private readonly inFlight: InFlightRegistry,
    private readonly recent: RecentRequests,
  ) {
    this.line = new AccessLine(logger.base);
  }

  /** Restarts lines with the present description of this process. */
  restart(): void {
    this.line = new AccessLine(this.logger.base);
  }

  begin(call: CallContext): void {
    this.inFlight.add(call);
  }

  finish(call: CallContext, http: HttpFacts): void {
    this.inFlight.remove(call);
    if (call.spans !== undefined) this.tracing?.finish(call.spans, call, http);
    this.count(call, http);
    const at = Date.now();
    const bucket = call.rateLimit && tightestBucket(call.rateLimit);
    if (!call.isOperational) this.recent.note(call, http, at);
    const level = levelOf(call, http);
    const { events, stream, access: options } = this.logger;
    if (!events.isLevelEnabled(level)) return;
    const authMs = call.authnMs + call.authzMs;
    stream.write(this.line.of(level, { call, http, authMs, bucket, at, options }));
    if (level === 'error')
      events.error({ err: call.error?.cause, request_id: call.requestId }, 'request failed by a bug');
  }

  private count(call: CallContext, http: HttpFacts): void {
    const { metrics } = this;
    const method = METHODS.has(http.method) ? http.method : '_OTHER';
    const path = call.routeLabel;
    metrics.requestCells.of(path, method, http.status).inc();
    const route = isRouted(call, method) ? path : UNMATCHED;
    const duration = metrics.durationCells.of(route, method, statusClass(http.status));
    this.observe(duration, call, http.durationMs);
    if (call.error !== undefined) metrics.requests.failed(call.error);
    metrics.requests.answered(call, http);
    metrics.streams.ended(call);
    if (call.decisionReason === undefined) return;
    metrics.decisionCells.of(call.decisionReason, call.outcome).inc();
    if (call.policy?.access !== 'OPEN') this.observe(metrics.authDurationCell, call, call.authnMs + call.authzMs);
  }

  /** Records a duration, with its trace as an exemplar if it is kept and exemplars are on. */
  private observe(cell: HistogramCell, { spans, trace }: CallContext, ms: number): void {
    const isNamed = spans?.isKept === true && this.tracing?.hasExemplars === true;
    if (isNamed) cell.observeTraced(ms / 1000, traceIdOf(trace));
    else cell.observe(ms / 1000);
  }
}

/**
 * Returns whether a path has a route for the method. Others get no duration of their own, or a client could create a
 * histogram for each method of each path.
 */
function isRouted({ error }: CallContext, method: string): boolean {
  return method !== 'OPTIONS' && error?.code !== 'METHOD_NOT_ALLOWED';
}

/**
 * Returns the level of a line: faults of the gateway are errors, those of upstreams warnings, those of clients
 * neither.
 */
function levelOf(call: CallContext, http: HttpFacts): LineLevel {
  if (call.isOperational) return 'debug';
  if (call.error?.code === 'INTERNAL') return 'error';
  return http.status >= 500 ? 'warn' : 'info';
}

import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import type { CallContext } from '../domain/call-context.js';
import { accessLine, statusClass, type HttpFacts } from './access-line.js';
import { GATEWAY_LOGGER, type GatewayLogger } from './logger.js';
import { GatewayMetrics, type AuthOutcome } from './metrics.js';

const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

/** Routes whose every request would drown the log: they are counted, and written at debug. */
const QUIET = new Set(['/livez', '/readyz', '/startupz', '/healthz', '/health', '/metrics']);

/** Writes the one log line of a request and counts it. Called once when the request is over, whatever became of it. */
@Injectable()
export class AccessLog {
  private readonly logger: Logger;

  constructor(
    @Inject(GATEWAY_LOGGER) { requests }: GatewayLogger,
    private readonly metrics: GatewayMetrics,
  ) {
    this.logger = requests;
  }

  finish(call: CallContext, http: HttpFacts): void {
    this.count(call, http);
    const line = accessLine(call, http);
    if (QUIET.has(call.routeLabel)) this.logger.debug(line);
    else if (call.error?.code === 'INTERNAL') this.logger.error({ ...line, err: call.error.cause });
    else if (http.status >= 500) this.logger.warn(line);
    else this.logger.info(line);
  }

  private count(call: CallContext, http: HttpFacts): void {
    const method = METHODS.has(http.method) ? http.method : '_OTHER';
    const path = call.routeLabel;
    this.metrics.httpRequests.inc({ method, path, status: http.status });
    this.metrics.httpDuration.observe({ method, path, status_class: statusClass(http.status) }, http.durationMs / 1000);
    if (call.decisionReason !== undefined) this.countDecision(call, call.decisionReason);
  }

  private countDecision(call: CallContext, decision_reason: string): void {
    this.metrics.authDecisions.inc({ outcome: call.outcome as AuthOutcome, decision_reason });
    if (call.policy?.access !== 'OPEN') this.metrics.authDuration.observe((call.authnMs + call.authzMs) / 1000);
  }
}

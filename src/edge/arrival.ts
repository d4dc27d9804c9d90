import { Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import type { CallContext } from '../domain/call-context.js';
import type { GatewayError } from '../domain/errors.js';
import { Admission } from '../traffic/admission/admission.js';
import { priorityOf, type Priority } from '../traffic/admission/priority.js';
import { RateLimiter } from '../traffic/limits/rate-limiter.js';
import { clientTimeoutMs } from './client-deadline.js';
import { Cors } from './cors.js';
import { checkFraming } from './framing.js';
import { RouteResolver, type Resolution } from './route-resolver.js';

/** What is asked of the gateway itself, and must be answered however much is asked of it. */
const WITHOUT_LIMIT = new Set(['/livez', '/startupz', '/readyz', '/ready', '/health', '/healthz', '/metrics']);

/** What is decided about a request by its head alone, before it is known who sends it. */
@Injectable()
export class Arrival {
  constructor(
    private readonly limiter: RateLimiter,
    private readonly admission: Admission,
    readonly routes: RouteResolver,
    readonly cors: Cors,
  ) {}

  /** Throws for a request that goes no further. */
  admit(request: FastifyRequest): Resolution {
    const refused = checkFraming(request.raw) ?? this.checkAddress(request);
    if (refused !== undefined) throw refused;
    if (this.cors.isPreflight(request)) return this.preflight(request);
    const resolution = this.routes.resolve(request);
    const overloaded = this.admission.enter(request.call, priority(request));
    if (overloaded !== undefined) throw overloaded;
    const timeoutMs = clientTimeoutMs(request.headers);
    if (timeoutMs !== undefined) request.call.clientDeadlineAt = request.call.startedAt + timeoutMs;
    return resolution;
  }

  /** A request is over, admitted or not. */
  leave(call: CallContext): void {
    this.admission.leave(call);
  }

  /** Never shed: the request that it asks for can be, in an answer that its page can read. */
  private preflight(request: FastifyRequest): Resolution {
    return { kind: 'options', headers: this.cors.permit(this.routes.allow(request)) };
  }

  private checkAddress(request: FastifyRequest): GatewayError | undefined {
    return WITHOUT_LIMIT.has(request.rawPath) ? undefined : this.limiter.checkAddress(request.call, request);
  }
}

function priority({ call, rawPath, method }: FastifyRequest): Priority {
  if (call.method !== undefined) return priorityOf(call.method);
  if (WITHOUT_LIMIT.has(rawPath)) return 'health';
  if (rawPath.startsWith('/auth/')) return 'auth';
  return method === 'GET' || method === 'HEAD' ? 'read' : 'write';
}

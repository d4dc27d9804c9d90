import { Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import type { CallContext } from '../domain/call-context.js';
import { GatewayError } from '../domain/errors.js';
import { Admission } from '../traffic/admission/admission.js';
import { priorityOf, type Priority } from '../traffic/admission/priority.js';
import { RateLimiter, type Sender } from '../traffic/limits/rate-limiter.js';
import { clientTimeoutMs } from './client-deadline.js';
import { Cors } from './cors.js';
import { checkFraming } from './framing.js';
import { RouteResolver, type Resolution } from './route-resolver.js';

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
    const malformed = checkFraming(request.raw);
    const limited = request.call.isOperational ? undefined : this.checkAddress(request.call, request);
    if (limited !== undefined) throw malformed === undefined ? limited : closing(limited);
    if (malformed !== undefined) throw malformed;
    if (this.cors.isPreflight(request)) return this.preflight(request);
    const resolution = this.routes.resolve(request);
    const overloaded = this.admission.enter(request.call, priority(request));
    if (overloaded !== undefined) throw overloaded;
    const timeoutMs = clientTimeoutMs(request.headers);
    if (timeoutMs !== undefined) request.call.clientDeadlineAt = request.call.startedAt + timeoutMs;
    return resolution;
  }

  /** Counts whatever an address sends, a request or not. Returns RATE_LIMITED. */
  checkAddress(call: CallContext, sender: Sender): GatewayError | undefined {
    return this.limiter.checkAddress(call, sender);
  }

  /** A request is over, admitted or not. */
  leave(call: CallContext): void {
    this.admission.leave(call);
  }

  /** Never shed: the request that it asks for can be, in an answer that its page can read. */
  private preflight(request: FastifyRequest): Resolution {
    return { kind: 'options', headers: this.cors.permit(this.routes.allow(request)) };
  }
}

function priority({ call, rawPath, method }: FastifyRequest): Priority {
  if (call.method !== undefined) return priorityOf(call.method);
  if (call.isOperational) return 'health';
  if (rawPath.startsWith('/auth/')) return 'auth';
  return method === 'GET' || method === 'HEAD' ? 'read' : 'write';
}

/** Whoever frames a request wrongly may have another idea of where the next one begins, however it is answered. */
function closing({ code, detail, retryAfterSeconds = 0, members = {}, headers }: GatewayError): GatewayError {
  return new GatewayError(code, detail, { retryAfterSeconds, members, headers: { ...headers, connection: 'close' } });
}

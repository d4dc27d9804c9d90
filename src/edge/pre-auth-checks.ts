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
import { ROUTE, RouteResolver, type Resolution } from './route-resolver.js';

/**
 * One decision about a request by its header alone. Throws to refuse the request, and returns a resolution for a
 * request that needs no route.
 */
interface PreAuthCheck {
  readonly name: string;
  readonly run: (checks: PreAuthChecks, request: FastifyRequest) => Resolution | undefined;
}

/**
 * All checks in their order: every request counts against the limit of its address, and requests without a route are
 * rejected before load shedding.
 */
export const PRE_AUTH_CHECKS: readonly PreAuthCheck[] = [
  { name: 'address-limit', run: (checks, request) => checks.limitAddress(request) },
  { name: 'framing', run: (_checks, request) => refuseMalformed(request) },
  { name: 'preflight', run: (checks, request) => checks.answerPreflight(request) },
  { name: 'route', run: (checks, request) => checks.resolveRoute(request) },
  { name: 'admission', run: (checks, request) => checks.enter(request) },
  { name: 'client-deadline', run: (_checks, request) => noteClientDeadline(request) },
];

/** Runs the checks on the header of a request, before authentication and before its body is read. */
@Injectable()
export class PreAuthChecks {
  constructor(
    private readonly limiter: RateLimiter,
    private readonly admission: Admission,
    readonly routes: RouteResolver,
    readonly cors: Cors,
  ) {}

  /** Returns the destination of a request. Throws the GatewayError of the first check that refuses it. */
  run(request: FastifyRequest): Resolution {
    for (const check of PRE_AUTH_CHECKS) {
      const resolution = check.run(this, request);
      if (resolution !== undefined) return resolution;
    }
    return ROUTE;
  }

  /** Counts one message of an address, whether it is a valid request or not. Returns RATE_LIMITED. */
  checkAddress(call: CallContext, sender: Sender): GatewayError | undefined {
    return this.limiter.checkAddress(call, sender);
  }

  /** Records how long a request waited between being read and being started, in ms. */
  waited(ms: number): void {
    this.admission.waited(ms);
  }

  /** Reserves memory for bytes of a request's body as they arrive. Returns OVERLOADED when there is none left. */
  takeBody(request: FastifyRequest, bytes: number): GatewayError | undefined {
    return this.admission.takeBody(request.call, bytes, priority(request));
  }

  /** Releases what a request holds, admitted or not. Called when the request is over. */
  leave(call: CallContext): void {
    this.admission.leave(call);
    call.end();
  }

  limitAddress(request: FastifyRequest): undefined {
    const limited = request.call.isOperational ? undefined : this.checkAddress(request.call, request);
    if (limited === undefined) return;
    throw checkFraming(request.raw) === undefined ? limited : closing(limited);
  }

  /**
   * Answers a preflight. It is never shed: the request that it announces can be, with a response that its page can
   * read.
   */
  answerPreflight(request: FastifyRequest): Resolution | undefined {
    if (!this.cors.isPreflight(request)) return undefined;
    return { kind: 'options', headers: this.cors.permit(this.routes.allow(request)) };
  }

  resolveRoute(request: FastifyRequest): Resolution | undefined {
    const resolution = this.routes.resolve(request);
    return resolution === ROUTE ? undefined : resolution;
  }

  enter(request: FastifyRequest): undefined {
    const overloaded = this.admission.enter(request.call, priority(request));
    if (overloaded !== undefined) throw overloaded;
  }
}

function refuseMalformed(request: FastifyRequest): undefined {
  const malformed = checkFraming(request.raw);
  if (malformed !== undefined) throw malformed;
}

function noteClientDeadline({ headers, call }: FastifyRequest): undefined {
  const timeoutMs = clientTimeoutMs(headers);
  if (timeoutMs !== undefined) call.clientDeadlineAt = call.startedAt + timeoutMs;
}

function priority({ call, rawPath, method }: FastifyRequest): Priority {
  if (call.method !== undefined) return priorityOf(call.method);
  if (call.isOperational) return 'health';
  if (rawPath.startsWith('/auth/')) return 'auth';
  return method === 'GET' || method === 'HEAD' ? 'read' : 'write';
}

/** Adds `Connection: close`: a client that frames a request wrongly may disagree about where the next one begins. */
function closing({ code, detail, retryAfterSeconds = 0, members = {}, headers }: GatewayError): GatewayError {
  return new GatewayError(code, detail, { retryAfterSeconds, members, headers: { ...headers, connection: 'close' } });
}

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

/** One decision about a request by its head alone. It throws a refusal, and returns an answer for a request that asks for nothing else. */
interface PreAuthCheck {
  readonly name: string;
  readonly run: (checks: PreAuthChecks, request: FastifyRequest) => Resolution | undefined;
}

/** All of them, in their order: an address is counted whatever it sends, and nothing is shed that no route takes. */
export const PRE_AUTH_CHECKS: readonly PreAuthCheck[] = [
  { name: 'address-limit', run: (checks, request) => checks.limitAddress(request) },
  { name: 'framing', run: (_checks, request) => refuseMalformed(request) },
  { name: 'preflight', run: (checks, request) => checks.answerPreflight(request) },
  { name: 'route', run: (checks, request) => checks.resolveRoute(request) },
  { name: 'admission', run: (checks, request) => checks.enter(request) },
  { name: 'client-deadline', run: (_checks, request) => noteClientDeadline(request) },
];

/** Decides about a request by its head, before it is known who sends it and before its body is read. */
@Injectable()
export class PreAuthChecks {
  constructor(
    private readonly limiter: RateLimiter,
    private readonly admission: Admission,
    readonly routes: RouteResolver,
    readonly cors: Cors,
  ) {}

  /** Returns where the request goes. Throws the GatewayError of the first check that refuses it. */
  run(request: FastifyRequest): Resolution {
    for (const check of PRE_AUTH_CHECKS) {
      const answer = check.run(this, request);
      if (answer !== undefined) return answer;
    }
    return ROUTE;
  }

  /** Counts whatever an address sends, a request or not. Returns RATE_LIMITED. */
  checkAddress(call: CallContext, sender: Sender): GatewayError | undefined {
    return this.limiter.checkAddress(call, sender);
  }

  /** Notes how long a request that was read waited until it was begun, in ms. */
  waited(ms: number): void {
    this.admission.waited(ms);
  }

  /** Takes memory for bytes of a request's body, as they arrive. Returns OVERLOADED when there is none. */
  takeBody(request: FastifyRequest, bytes: number): GatewayError | undefined {
    return this.admission.takeBody(request.call, bytes, priority(request));
  }

  /** Gives back what a request holds, admitted or not. Called when it is over. */
  leave(call: CallContext): void {
    this.admission.leave(call);
    call.end();
  }

  limitAddress(request: FastifyRequest): undefined {
    const limited = request.call.isOperational ? undefined : this.checkAddress(request.call, request);
    if (limited === undefined) return;
    throw checkFraming(request.raw) === undefined ? limited : closing(limited);
  }

  /** A preflight request is never shed: the request that it asks for can be, in an answer that its page can read. */
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

/** Whoever frames a request wrongly may have another idea of where the next one begins, however it is answered. */
function closing({ code, detail, retryAfterSeconds = 0, members = {}, headers }: GatewayError): GatewayError {
  return new GatewayError(code, detail, { retryAfterSeconds, members, headers: { ...headers, connection: 'close' } });
}

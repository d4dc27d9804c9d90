import { Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { CallContext } from '../domain/call-context.js';
import type { GatewayError } from '../domain/errors.js';
import { RateLimiter } from '../traffic/limits/rate-limiter.js';
import { GatewayInterceptor } from './gateway-interceptor.js';
import { writeRateLimit } from './common-headers.js';

type Refusal = GatewayError | undefined;

/**
 * Refuses the requests of a tenant, user or route that exceed their rate. It runs after the guards, so that a denied
 * request does not use up the rate.
 */
@Injectable()
export class RateLimitInterceptor extends GatewayInterceptor {
  constructor(private readonly limiter: RateLimiter) {
    super();
  }

  before(request: FastifyRequest, reply: FastifyReply): void | Promise<void> {
    return settle(request.call, reply, this.limiter.check(request.call, request));
  }

  /** Counts a decoded request against the rates that are keyed by a field of its message. */
  checkValues({ call }: FastifyRequest, reply: FastifyReply, message: Uint8Array): void | Promise<void> {
    const refusal = this.limiter.checkValues(call, message);
    if (refusal !== undefined) return settle(call, reply, refusal);
  }
}

function settle(call: CallContext, reply: FastifyReply, refusal: Refusal | Promise<Refusal>): void | Promise<void> {
  if (refusal instanceof Promise) return refusal.then((settled) => conclude(call, reply, settled));
  conclude(call, reply, refusal);
}

/** Throws the refusal, if there is one, and otherwise reports the remaining quota to the client. */
function conclude(call: CallContext, reply: FastifyReply, refusal: Refusal): void {
  if (refusal !== undefined) throw refusal;
  if (call.rateLimit !== undefined) writeRateLimit(reply, call.rateLimit);
}

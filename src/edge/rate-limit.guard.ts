import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { GatewayError } from '../domain/errors.js';
import { RateLimiter } from '../traffic/limits/rate-limiter.js';
import { writeRateLimit } from './rate-limit-headers.js';

/** Turns away a caller whose tenant, or who, calls too often. Last of the guards: a request that is refused anyway costs nothing of a rate. */
@Injectable()
export class RateLimitGuard implements CanActivate {
  constructor(private readonly limiter: RateLimiter) {}

  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    const request = context.getArgByIndex<FastifyRequest>(0);
    const reply = context.getArgByIndex<FastifyReply>(1);
    const denied = this.limiter.check(request.call, request);
    return denied instanceof Promise ? this.wait(request, reply, denied) : conclude(request, reply, denied);
  }

  private async wait(
    request: FastifyRequest,
    reply: FastifyReply,
    denied: Promise<GatewayError | undefined>,
  ): Promise<boolean> {
    return conclude(request, reply, await denied);
  }
}

/** Throws the refusal, if there is one, and tells the client how much is left otherwise. */
export function conclude({ call }: FastifyRequest, reply: FastifyReply, denied: GatewayError | undefined): true {
  if (denied !== undefined) throw denied;
  if (call.rateLimit !== undefined) writeRateLimit(reply, call.rateLimit);
  return true;
}

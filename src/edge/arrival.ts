import { Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import type { GatewayError } from '../domain/errors.js';
import { RateLimiter } from '../traffic/limits/rate-limiter.js';
import { checkFraming } from './framing.js';
import { RouteResolver, type Resolution } from './route-resolver.js';

/** What is asked of the gateway itself, and must be answered however much is asked of it. */
const WITHOUT_LIMIT = new Set(['/livez', '/startupz', '/readyz', '/ready', '/health', '/healthz', '/metrics']);

/** What is decided about a request by its head alone, before it is known who sends it. */
@Injectable()
export class Arrival {
  constructor(
    private readonly limiter: RateLimiter,
    readonly routes: RouteResolver,
  ) {}

  /** Throws for a request that goes no further. */
  admit(request: FastifyRequest): Resolution {
    const refused = checkFraming(request.raw) ?? this.checkAddress(request);
    if (refused !== undefined) throw refused;
    return this.routes.resolve(request);
  }

  private checkAddress(request: FastifyRequest): GatewayError | undefined {
    return WITHOUT_LIMIT.has(request.rawPath) ? undefined : this.limiter.checkAddress(request.call, request);
  }
}

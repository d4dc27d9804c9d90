import { Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Protection } from '../traffic/protection.js';
import { GatewayInterceptor } from './gateway-interceptor.js';
import { upstreamOf } from './upstream.decorator.js';

/**
 * Refuses a request before any work is done while the circuit breaker of its upstream is open, unless a cache or a
 * fallback could answer it. The call later uses the permit acquired here, so that the circuit breaker is asked only
 * once.
 */
@Injectable()
export class CircuitBreakerInterceptor extends GatewayInterceptor {
  constructor(private readonly protection: Protection) {
    super();
  }

  before({ call }: FastifyRequest, _reply: FastifyReply, handler?: object): void {
    const subject = call.method ?? (handler && upstreamOf(handler));
    const refusal = subject && this.protection.breakers.admit(call, subject);
    if (refusal !== undefined) throw refusal;
  }
}

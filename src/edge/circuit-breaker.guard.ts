import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { Protection } from '../traffic/protection.js';

/** Turns a request away before any work while the circuit of its upstream is open, unless something else could answer it. */
@Injectable()
export class CircuitBreakerGuard implements CanActivate {
  constructor(private readonly protection: Protection) {}

  canActivate(context: ExecutionContext): boolean {
    const { call } = context.getArgByIndex<FastifyRequest>(0);
    if (call.method === undefined) return true;
    const { breakers } = this.protection;
    const refused = breakers.check(call.method);
    if (refused === undefined) return true;
    call.breakerState = breakers.of(call.method).state;
    throw refused;
  }
}

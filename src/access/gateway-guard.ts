import type { CanActivate, ExecutionContext } from '@nestjs/common';
import { spanStep } from '../domain/span-record.js';
import { guardedRequest, type GuardedRequest } from './guarded-request.js';

/**
 * Base class of the gateway's guards. Nest runs them as any other guard; the pipeline of a generated route calls {@link
 * before} directly, without an execution context.
 */
export abstract class GatewayGuard implements CanActivate {
  /** Index of the guard's tracing span. */
  readonly span = spanStep(this.constructor.name);

  /**
   * Checks a request. Throws, or rejects with, the GatewayError that rejects the request. Returns a promise only if it
   * has to wait.
   */
  abstract before(request: GuardedRequest): void | Promise<void>;

  canActivate(context: ExecutionContext): true | Promise<true> {
    const request = guardedRequest(context);
    request.call.enter('auth', this.span);
    const pending = this.before(request);
    return pending === undefined ? true : pending.then(() => true as const);
  }
}

import type { CanActivate, ExecutionContext } from '@nestjs/common';
import { spanStep } from '../domain/span-record.js';
import { guardedRequest, type GuardedRequest } from './guarded-request.js';

/**
 * A guard of the gateway's own. Nest runs it as any other guard; the pipeline of a generated route calls its check
 * directly, without the execution context that nobody reads there.
 */
export abstract class GatewayGuard implements CanActivate {
  /** Position of its span. */
  readonly span = spanStep(this.constructor.name);

  /** Throws, or rejects with, the GatewayError that refuses the request. Returns a promise only when it has to wait. */
  abstract before(request: GuardedRequest): void | Promise<void>;

  canActivate(context: ExecutionContext): true | Promise<true> {
    const request = guardedRequest(context);
    request.call.enter('auth', this.span);
    const pending = this.before(request);
    return pending === undefined ? true : pending.then(() => true as const);
  }
}

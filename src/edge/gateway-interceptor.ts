import type { CallHandler, ExecutionContext, NestInterceptor } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Observable } from 'rxjs';
import { AFTER_STEPS, spanStep } from '../domain/span-record.js';

/**
 * An interceptor of the gateway's own, which refuses a request or lets it pass. Nest runs it as any other interceptor;
 * the pipeline of a generated route calls its check directly, so that no Observable is made.
 */
export abstract class GatewayInterceptor implements NestInterceptor {
  /** Position of its span. */
  readonly span = spanStep(this.constructor.name);

  /**
   * Throws, or rejects with, the GatewayError that refuses the request. Returns a promise only when it has to wait.
   * @param handler the method of an ordinary controller; undefined on generated routes.
   */
  abstract before(request: FastifyRequest, reply: FastifyReply, handler?: object): void | Promise<void>;

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> | Promise<Observable<unknown>> {
    const request = context.getArgByIndex<FastifyRequest>(0);
    const reply = context.getArgByIndex<FastifyReply>(1);
    request.call.enter('limits', this.span);
    const pending = this.before(request, reply, context.getHandler());
    return pending === undefined ? goOn(request, next) : pending.then(() => goOn(request, next));
  }
}

function goOn({ call }: FastifyRequest, next: CallHandler): Observable<unknown> {
  call.enter('handler', AFTER_STEPS);
  return next.handle();
}

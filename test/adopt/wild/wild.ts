import type { CallHandler, ExecutionContext } from '@nestjs/common';
import type { FastifyReply } from 'fastify';

/** Behavior of guards, interceptors and filters, by the value of the header `x-wild`. */
export const wild = {
  guards: {} as Record<string, (context: ExecutionContext) => unknown>,
  interceptors: {} as Record<string, (next: CallHandler, context: ExecutionContext) => unknown>,
  filters: {} as Record<string, (reply: FastifyReply, error: Error) => unknown>,
};

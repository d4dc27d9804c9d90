import type { CallHandler, ExecutionContext } from '@nestjs/common';
import type { FastifyReply } from 'fastify';

/** What guards, interceptors and filters do, by the header `x-wild`. */
export const wild = {
  guards: {} as Record<string, (context: ExecutionContext) => unknown>,
  interceptors: {} as Record<string, (next: CallHandler, context: ExecutionContext) => unknown>,
  filters: {} as Record<string, (reply: FastifyReply, error: Error) => unknown>,
};

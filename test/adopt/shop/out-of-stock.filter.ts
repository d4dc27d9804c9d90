import { Catch, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { journal } from './journal.js';

export class OutOfStock extends Error {}

/** Answers its own error; all others stay problems of the gateway. */
@Catch(OutOfStock)
export class OutOfStockFilter implements ExceptionFilter {
  catch(_error: OutOfStock, host: ArgumentsHost): void {
    journal.push('OutOfStockFilter');
    void host.switchToHttp().getResponse<FastifyReply>().code(410).send({ stock: 0 });
  }
}

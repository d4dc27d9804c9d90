import { randomUUID } from 'node:crypto';
import { Catch, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { problemBody, problemHeaders } from '../edge/problem.js';
import { toGatewayError } from '../edge/to-gateway-error.js';

/** Renders errors on OPS_PORT as problem+json (RFC 9457). That port has no request context to take an id from. */
@Catch()
export class OpsProblemFilter implements ExceptionFilter {
  catch(thrown: unknown, host: ArgumentsHost): void {
    const request = host.getArgByIndex<FastifyRequest>(0);
    const reply = host.getArgByIndex<FastifyReply>(1);
    const error = toGatewayError(thrown);
    const body = problemBody(error, request.url.split('?', 1)[0] ?? '', randomUUID());
    void reply.code(error.status).headers(problemHeaders(error)).serializer(String).send(JSON.stringify(body));
  }
}

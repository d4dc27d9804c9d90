import { Catch, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { CallContext } from '../domain/call-context.js';
import type { GatewayError } from '../domain/errors.js';
import type { HttpExchange } from './http-exchange.js';
import { problemBody, problemHeaders, type ProblemSource } from './problem.js';
import { SignInRedirect } from './sign-in-redirect.js';
import { TrackedResponse } from './tracked-response.js';
import { writeRateLimit } from './common-headers.js';
import { toGatewayError } from './to-gateway-error.js';

/** Renders every error of a guard, a handler or Fastify itself as problem+json. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(private readonly signIn: SignInRedirect) {}

  catch(thrown: unknown, host: ArgumentsHost): void {
    const reply = replyOf(host);
    const { request } = reply;
    const error = toGatewayError(thrown);
    const location = this.signIn.locationFor(request, error);
    if (location === undefined) return sendProblem(request, reply, error);
    recordError(request.call, error);
    void reply
      .code(302)
      .headers({ ...error.headers, location })
      .send();
  }
}

/** Returns the reply that a filter should send; for errors of middleware Nest passes Node's own response to filters. */
export function replyOf(host: ArgumentsHost): FastifyReply {
  const response = host.getArgByIndex<FastifyReply | TrackedResponse>(1);
  return response instanceof TrackedResponse ? (response.exchange as HttpExchange).reply : response;
}

/** Answers a request with an error, unless its response has begun or its client is gone. */
export function sendProblem(request: FastifyRequest, reply: FastifyReply, error: GatewayError): void {
  recordError(request.call, error);
  if (reply.sent || reply.raw.headersSent || reply.raw.destroyed) return;
  const { rateLimit } = request.call;
  if (rateLimit !== undefined) writeRateLimit(reply, rateLimit, error.retryAfterSeconds);
  const body = JSON.stringify(problemBody(error, problemSource(request)));
  void reply.code(error.status).headers(problemHeaders(error)).serializer(String).send(body);
}

/** Returns the fields of a request that a problem contains. */
export function problemSource({ rawPath, call }: FastifyRequest): ProblemSource {
  return { requestId: call.requestId, path: rawPath, basePath: call.basePath };
}

/** Records an error for the log line. An authorization decision may come late, from the codec that binds the tenant. */
export function recordError(call: CallContext, error: GatewayError): void {
  call.error ??= error;
  if (error.decisionReason === undefined) return;
  call.decisionReason = error.decisionReason;
  call.outcome = error.status >= 500 ? 'error' : 'deny';
}

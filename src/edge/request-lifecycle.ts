import { parse as parseQuery } from 'node:querystring';
import { Inject, Injectable, Optional } from '@nestjs/common';
import type { FastifyReply, FastifyRequest, RouteOptions } from 'fastify';
import { DrainState } from '../domain/drain-state.js';
import { GatewayError } from '../domain/errors.js';
import { isOperational } from '../domain/operational-paths.js';
import { AccessLog } from '../observe/access-log.js';
import { PreAuthChecks } from './pre-auth-checks.js';
import { Arrivals } from './arrivals.js';
import { bodyTooLarge } from './body-reader.js';
import type { ClientConnection, ConnectionHandler } from './client-connection.js';
import { HttpExchange } from './http-exchange.js';
import { socketFacts } from './http-facts.js';
import { Pipelines } from './pipeline/pipelines.js';
import { writeProblem } from './problem.js';
import { recordError, sendProblem } from './problem.filter.js';
import { writeRateLimit } from './rate-limit-headers.js';
import { commonHeaders } from './common-headers.js';
import { RequestContexts } from './request-contexts.js';
import type { Resolution } from './route-resolver.js';
import type { TrackedResponse } from './tracked-response.js';
import './fastify-request.js';

/** First and last to touch a request: makes its context, and sees to it that it ends once, answered or abandoned. */
@Injectable()
export class RequestLifecycle implements ConnectionHandler {
  /** Absent on a server without generated routes. */
  @Optional() @Inject(Pipelines) private readonly pipelines?: Pipelines;

  private readonly arrivals = new Arrivals();

  constructor(
    private readonly contexts: RequestContexts,
    readonly drain: DrainState,
    readonly log: AccessLog,
    readonly preAuth: PreAuthChecks,
  ) {}

  get draining(): boolean {
    return this.drain.draining;
  }

  /** Fastify `onRoute`. */
  learn(route: RouteOptions): void {
    this.preAuth.routes.learn(route);
    this.pipelines?.mount(route);
  }

  /** Fastify `onRequest`, before all other hooks. Probes and scrapes wait for nobody. */
  begin(request: FastifyRequest, reply: FastifyReply, done: (error?: Error) => void): void {
    if (isOperational(request.routeOptions.url ?? '')) return this.beginNow(request, reply, done, performance.now());
    this.arrivals.take((arrivedAt) => {
      this.preAuth.waited(performance.now() - arrivedAt);
      this.beginNow(request, reply, done, arrivedAt);
    });
  }

  private beginNow(
    request: FastifyRequest,
    reply: FastifyReply,
    done: (error?: Error) => void,
    arrivedAt: number,
  ): void {
    this.open(request, reply, arrivedAt);
    // It left while its request waited to begin.
    if (reply.raw.destroyed) return tracked(reply).exchange?.abandon();
    if (followsClosingAnswer(reply)) return recordError(request.call, ignored());
    try {
      const resolution = this.resolve(request, reply);
      if (request.rpc === undefined) request.query = parseQuery(request.rawQuery);
      if (resolution.kind === 'route') return this.awaitBody(request, reply, done);
      if (request.call.rateLimit !== undefined) writeRateLimit(reply, request.call.rateLimit);
      void reply.code(204).headers(resolution.headers).send();
    } catch (error) {
      // Without the way of other errors through the framework: the less a refusal costs, the more is answered beside it.
      if (error instanceof GatewayError && error.code === 'OVERLOADED') return this.shed(request, reply, error);
      // Whoever asked first may send the body all the same, or the next request: nobody could tell which it is.
      if (request.headers.expect !== undefined) reply.header('connection', 'close');
      done(error as Error);
    }
  }

  private shed(request: FastifyRequest, reply: FastifyReply, error: GatewayError): void {
    if (request.headers.expect !== undefined) reply.header('connection', 'close');
    sendProblem(request, reply, error);
  }

  /** Fastify `onResponse`. */
  end(_request: FastifyRequest, reply: FastifyReply): void {
    (tracked(reply).exchange as HttpExchange).finish();
  }

  /** A target that the router refused before any hook ran. */
  refuseTarget(request: FastifyRequest, reply: FastifyReply, error: GatewayError): void {
    this.open(request, reply);
    reply.raw.once('finish', () => this.end(request, reply));
    sendProblem(request, reply, error);
  }

  /** Bytes that are not a request. They are counted against the limit of their address, answered and logged all the same. */
  refuse(response: TrackedResponse, refused: GatewayError, { remoteAddress }: ClientConnection): void {
    const call = this.contexts.withoutRequest();
    const error = this.preAuth.checkAddress(call, { clientAddress: remoteAddress }) ?? refused;
    recordError(call, error);
    writeProblem(response, error, call);
    this.log.finish(call, socketFacts(remoteAddress, error, this.draining));
  }

  private open(request: FastifyRequest, reply: FastifyReply, arrivedAt = performance.now()): void {
    const { url = '/' } = request.raw;
    const call = this.contexts.of(request.raw, arrivedAt);
    const queryAt = url.indexOf('?');
    request.call = call;
    request.clientAddress = this.contexts.clientAddress.of(request.raw);
    request.rawPath = queryAt === -1 ? url : url.slice(0, queryAt);
    request.rawQuery = queryAt === -1 ? '' : url.slice(queryAt + 1);
    reply.headers(commonHeaders(call.requestId, call.trace));
    this.preAuth.cors.mark(request, reply);
    call.isOperational = isOperational(request.rawPath) || isOperational(request.routeOptions.url ?? '');
    // A scrape is not part of what it counts, and no drain waits for a probe.
    if (!call.isOperational) this.log.begin(call);
    tracked(reply).exchange = new HttpExchange(reply, this);
  }

  /** Runs the checks before authentication. A route that was found says when it is given up, whatever comes of the request. */
  private resolve(request: FastifyRequest, reply: FastifyReply): Resolution {
    try {
      return this.preAuth.run(request);
    } finally {
      if (request.rpc?.deprecation !== undefined) reply.headers(request.rpc.deprecation);
    }
  }

  /** A client that asks before it sends its body is told to go on, now that its head is in order (RFC 9110 10.1.1). */
  private awaitBody(request: FastifyRequest, reply: FastifyReply, done: (error?: Error) => void): void {
    const refused = this.checkLength(request);
    if (refused === undefined && request.headers.expect !== undefined) reply.raw.writeContinue();
    done(refused);
  }

  /** Refuses a body by its declared length, before any of it is read. */
  private checkLength(request: FastifyRequest): GatewayError | undefined {
    const length = request.headers['content-length'];
    if (length === undefined) return undefined;
    const limit = this.bodyLimit(request);
    return Number(length) <= limit ? undefined : bodyTooLarge(limit);
  }

  /** Takes memory for bytes of a body that have arrived. Returns OVERLOADED when there is none. */
  takeBody(request: FastifyRequest, bytes: number): GatewayError | undefined {
    return this.preAuth.takeBody(request, bytes);
  }

  /** Longest body of a route, in bytes. */
  bodyLimit({ call }: FastifyRequest): number {
    return this.contexts.bodyLimit(call);
  }
}

function tracked({ raw }: FastifyReply): TrackedResponse {
  return raw as TrackedResponse;
}

/** An answer before it on the connection said that it is the last (RFC 9112 9.6). */
function followsClosingAnswer(reply: FastifyReply): boolean {
  return tracked(reply).connectionOf?.isClosing === true;
}

function ignored(): GatewayError {
  return new GatewayError('CLIENT_CLOSED', 'An answer before it ended the connection.', {
    cause: new Error('the request came after an answer that ended the connection'),
  });
}

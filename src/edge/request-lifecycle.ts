import { parse as parseQuery } from 'node:querystring';
import { Inject, Injectable, Optional } from '@nestjs/common';
import type { FastifyReply, FastifyRequest, RouteOptions } from 'fastify';
import { DrainState } from '../domain/drain-state.js';
import { GatewayError } from '../domain/errors.js';
import { isOperational } from '../domain/operational-paths.js';
import { AccessLog } from '../observe/access-log.js';
import { PreAuthChecks } from './pre-auth-checks.js';
import { Arrivals } from './arrivals.js';
import { bodyTooLarge } from './request-body.js';
import type { ClientConnection, ConnectionHandler } from './client-connection.js';
import { HttpExchange } from './http-exchange.js';
import { socketFacts } from './http-facts.js';
import { Pipelines } from './pipeline/pipelines.js';
import { writeProblem } from './problem.js';
import { recordError, sendProblem } from './problem.filter.js';
import { commonHeaders, writeRateLimit } from './common-headers.js';
import { RequestContexts } from './request-contexts.js';
import type { Resolution } from './route-resolver.js';
import type { TrackedResponse } from './tracked-response.js';
import './fastify-request.js';

/** Runs first and last for each request: makes its context, and ensures that it ends once, answered or abandoned. */
@Injectable()
export class RequestLifecycle implements ConnectionHandler {
  /** Undefined on a server without generated routes. */
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

  /** Called by Fastify's `onRoute`. */
  learn(route: RouteOptions): void {
    this.preAuth.routes.learn(route);
    this.pipelines?.mount(route);
  }

  /**
   * Called by Fastify's `onRequest`, before all other hooks. A request is in flight from here on, also while it waits for
   * its turn: it is drained, abandoned and logged like any other. Probes and scrapes do not wait.
   */
  begin(request: FastifyRequest, reply: FastifyReply, done: (error?: Error) => void): void {
    this.open(request, reply);
    const { call } = request;
    if (call.isOperational) return this.admit(request, reply, done);
    if (this.arrivals.tryBegin()) {
      this.preAuth.waited(0);
      return this.admit(request, reply, done);
    }
    this.arrivals.wait(() => {
      this.preAuth.waited(performance.now() - call.startedAt);
      this.admit(request, reply, done);
    });
  }

  private admit(request: FastifyRequest, reply: FastifyReply, done: (error?: Error) => void): void {
    // It ended while it waited: its client left, or sent bytes that are not HTTP.
    if (reply.raw.destroyed || reply.raw.headersSent) return;
    if (followsClosingResponse(reply)) return recordError(request.call, ignored());
    try {
      const resolution = this.resolve(request, reply);
      if (request.rpc === undefined) request.query = parseQuery(request.rawQuery);
      if (resolution.kind === 'route') return this.awaitBody(request, reply, done);
      if (request.call.rateLimit !== undefined) writeRateLimit(reply, request.call.rateLimit);
      void reply.code(204).headers(resolution.headers).send();
    } catch (error) {
      // Bypasses the framework's error handling: the cheaper a refusal is, the more requests are served beside it.
      if (error instanceof GatewayError && error.code === 'OVERLOADED') return this.shed(request, reply, error);
      // The client may now send the body or the next request, which cannot be distinguished, so the connection closes.
      if (request.headers.expect !== undefined) reply.header('connection', 'close');
      done(error as Error);
    }
  }

  private shed(request: FastifyRequest, reply: FastifyReply, error: GatewayError): void {
    if (request.headers.expect !== undefined) reply.header('connection', 'close');
    sendProblem(request, reply, error);
  }

  /** Called by Fastify's `onResponse`. */
  end(_request: FastifyRequest, reply: FastifyReply): void {
    (tracked(reply).exchange as HttpExchange).finish();
  }

  /** Answers a request whose target the router refused before any hook ran. */
  refuseTarget(request: FastifyRequest, reply: FastifyReply, error: GatewayError): void {
    this.open(request, reply);
    reply.raw.once('finish', () => this.end(request, reply));
    sendProblem(request, reply, error);
  }

  /**
   * Handles bytes that are not a request. They are also counted against the limit of their address, answered and
   * logged.
   */
  refuse(response: TrackedResponse, refused: GatewayError, { remoteAddress }: ClientConnection): void {
    const call = this.contexts.withoutRequest();
    const error = this.preAuth.checkAddress(call, { clientAddress: remoteAddress }) ?? refused;
    recordError(call, error);
    writeProblem(response, error, call);
    this.log.finish(call, socketFacts(remoteAddress, error, this.draining));
  }

  private open(request: FastifyRequest, reply: FastifyReply): void {
    const { url = '/' } = request.raw;
    const call = this.contexts.of(request.raw);
    const queryAt = url.indexOf('?');
    request.call = call;
    request.clientAddress = this.contexts.clientAddress.of(request.raw);
    request.rawPath = queryAt === -1 ? url : url.slice(0, queryAt);
    request.rawQuery = queryAt === -1 ? '' : url.slice(queryAt + 1);
    reply.headers(commonHeaders(call.requestId, call.trace));
    this.preAuth.cors.mark(request, reply);
    call.isOperational = isOperational(request.rawPath) || isOperational(request.routeOptions.url ?? '');
    // A scrape does not count itself, and a drain does not wait for probes.
    if (!call.isOperational) this.log.begin(call);
    tracked(reply).exchange = new HttpExchange(reply, this);
  }

  /**
   * Runs the checks before authentication. A matched route has its deprecation headers whatever becomes of the request.
   */
  private resolve(request: FastifyRequest, reply: FastifyReply): Resolution {
    try {
      return this.preAuth.run(request);
    } finally {
      if (request.rpc?.deprecation !== undefined) reply.headers(request.rpc.deprecation);
    }
  }

  /** Tells a client that waits for 100 (Continue) to send its body, now that the header is valid (RFC 9110 10.1.1). */
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

  /** Reserves memory for bytes of a body that have arrived. Returns OVERLOADED when there is none left. */
  takeBody(request: FastifyRequest, bytes: number): GatewayError | undefined {
    return this.preAuth.takeBody(request, bytes);
  }

  /** Returns the maximum length of a body of a route, in bytes. */
  bodyLimit({ call }: FastifyRequest): number {
    return this.contexts.bodyLimit(call);
  }
}

function tracked({ raw }: FastifyReply): TrackedResponse {
  return raw as TrackedResponse;
}

/** Returns whether an earlier response on the connection was announced as the last one (RFC 9112 9.6). */
function followsClosingResponse(reply: FastifyReply): boolean {
  const response = tracked(reply);
  return response.connectionOf?.isPastEnd(response) === true;
}

function ignored(): GatewayError {
  return new GatewayError('CLIENT_CLOSED', 'An answer before it ended the connection.', {
    cause: new Error('the request came after an answer that ended the connection'),
  });
}

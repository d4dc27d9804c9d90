import type { Socket } from 'node:net';
import { Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest, RouteOptions } from 'fastify';
import { DrainState } from '../domain/drain-state.js';
import { traceIdOf } from '../domain/trace-context.js';
import { GatewayError } from '../domain/errors.js';
import { AccessLog } from '../observe/access-log.js';
import { Arrival } from './arrival.js';
import { bodyTooLarge } from './body-reader.js';
import { answerOnSocket, fromClientError } from './client-error.js';
import { httpFacts, socketFacts } from './http-facts.js';
import { recordError, sendProblem } from './problem.filter.js';
import { writeRateLimit } from './rate-limit-headers.js';
import { RequestContexts } from './request-contexts.js';
import { SECURITY_HEADERS } from './security-headers.js';
import './fastify-request.js';

/** Requests open on a connection. One listener a connection, not one a request; more than one only when a client pipelines. */
const openOn = new WeakMap<Socket, Set<FastifyReply>>();

/** Returns the requests of a connection that are not over. */
export function openRepliesOn(socket: Socket): Iterable<FastifyReply> {
  return openOn.get(socket) ?? [];
}

/** First and last to touch a request: makes its context, and sees to it that it ends once, answered or abandoned. */
@Injectable()
export class RequestLifecycle {
  constructor(
    private readonly contexts: RequestContexts,
    private readonly drain: DrainState,
    private readonly log: AccessLog,
    private readonly arrival: Arrival,
  ) {}

  /** Fastify `onRoute`. */
  learn(route: RouteOptions): void {
    this.arrival.routes.learn(route);
  }

  /** Fastify `onRequest`, before all other hooks. */
  begin(request: FastifyRequest, reply: FastifyReply, done: (error?: Error) => void): void {
    this.open(request, reply);
    try {
      const resolution = this.arrival.admit(request);
      if (resolution.kind === 'route') return this.awaitBody(request, reply, done);
      if (request.call.rateLimit !== undefined) writeRateLimit(reply, request.call.rateLimit);
      void reply.code(204).headers(resolution.headers).send();
    } catch (error) {
      // Whoever asked first may send the body all the same, or the next request: nobody could tell which it is.
      if (request.headers.expect !== undefined) reply.header('connection', 'close');
      done(error as Error);
    }
  }

  /** Fastify `onResponse`. */
  end(_request: FastifyRequest, reply: FastifyReply): void {
    this.close(reply, false);
  }

  /** A target that the router refused before any hook ran. */
  refuse(request: FastifyRequest, reply: FastifyReply, error: GatewayError): void {
    this.open(request, reply);
    reply.raw.once('finish', () => this.close(reply, false));
    sendProblem(request, reply, error);
  }

  /** Bytes that are no request. They are answered, logged and counted all the same. */
  refuseConnection(thrown: Error & { code?: string }, socket: Socket): void {
    if (thrown.code === 'ECONNRESET' || !socket.writable) return void socket.destroy();
    const error = fromClientError(thrown);
    const call = this.contexts.withoutRequest();
    recordError(call, error);
    answerOnSocket(socket, error, call.requestId);
    this.log.finish(call, socketFacts(socket, error.status, this.drain.draining));
  }

  private open(request: FastifyRequest, reply: FastifyReply): void {
    const { url = '/' } = request.raw;
    const call = this.contexts.of(request.raw);
    const queryAt = url.indexOf('?');
    request.call = call;
    request.clientAddress = this.contexts.clientAddress.of(request.raw);
    request.rawPath = queryAt === -1 ? url : url.slice(0, queryAt);
    request.rawQuery = queryAt === -1 ? '' : url.slice(queryAt + 1);
    reply.headers(SECURITY_HEADERS);
    reply.header('x-request-id', call.requestId).header('x-correlation-id', call.requestId);
    reply.header('traceparent', call.trace.traceparent).header('x-trace-id', traceIdOf(call.trace));
    this.arrival.cors.mark(request, reply);
    if (this.drain.draining) reply.header('connection', 'close');
    this.log.begin(call);
    this.watch(request.raw.socket, reply);
  }

  private watch(socket: Socket, reply: FastifyReply): void {
    let open = openOn.get(socket);
    if (open === undefined) {
      openOn.set(socket, (open = new Set()));
      socket.once('close', () => {
        for (const abandoned of openOn.get(socket) ?? []) this.close(abandoned, true);
      });
    }
    open.add(reply);
  }

  /** Ends a request once. An abandoned one is cancelled, so that its upstream call ends too. */
  private close(reply: FastifyReply, closed: boolean): void {
    const { request } = reply;
    const { call } = request;
    if (openOn.get(request.raw.socket)?.delete(reply) !== true) return;
    const abandoned = closed && !call.brokenOff;
    if (abandoned) {
      const left = new GatewayError('CLIENT_CLOSED', 'The client closed the connection.');
      recordError(call, left);
      call.cancel(left);
    }
    this.arrival.leave(call);
    const facts = httpFacts(request, reply, { aborted: abandoned, draining: this.drain.draining });
    // Calls that were cancelled just now have yet to say how they ended.
    if (abandoned) setImmediate(() => this.log.finish(call, facts));
    else this.log.finish(call, facts);
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

  /** Longest body of a route, in bytes. */
  bodyLimit({ call }: FastifyRequest): number {
    return this.contexts.bodyLimit(call);
  }
}

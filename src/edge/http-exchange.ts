import type { Socket } from 'node:net';
import type { FastifyReply } from 'fastify';
import type { DrainState } from '../domain/drain-state.js';
import { GatewayError } from '../domain/errors.js';
import type { AccessLog } from '../observe/access-log.js';
import type { PreAuthChecks } from './pre-auth-checks.js';
import { ClientConnection } from './client-connection.js';
import { httpFacts } from './http-facts.js';
import { recordError, sendProblem } from './problem.filter.js';
import type { Exchange } from './tracked-response.js';

/** Returns the requests of a connection that are not over. */
export function openRepliesOn(socket: Socket): FastifyReply[] {
  const exchanges = ClientConnection.of(socket)?.exchanges ?? [];
  return exchanges.map((exchange) => (exchange as HttpExchange).reply);
}

/** Listeners for the end of an exchange. */
export interface ExchangeListeners {
  readonly preAuth: Pick<PreAuthChecks, 'leave'>;
  readonly log: Pick<AccessLog, 'finish'>;
  readonly drain: DrainState;
}

/** One request, from its header to its log line. Ends once, answered or abandoned. */
export class HttpExchange implements Exchange {
  private isOver = false;

  constructor(
    readonly reply: FastifyReply,
    private readonly listeners: ExchangeListeners,
  ) {}

  fail(error: GatewayError): void {
    const { reply } = this;
    const { call } = reply.request;
    if (reply.raw.writableEnded) return;
    recordError(call, error);
    // A stream whose response has begun reports the error in its last frame.
    call.cancel(error);
    sendProblem(reply.request, reply, error);
  }

  /** Abandons the exchange; its upstream call is cancelled. */
  abandon(): void {
    const { call } = this.reply.request;
    if (this.isOver || call.abortedByGateway) return this.finish();
    const left = new GatewayError('CLIENT_CLOSED', 'The client closed the connection before the answer.');
    recordError(call, left);
    call.cancel(left);
    this.finish();
  }

  /** Called when the response is written completely, or never will be. */
  finish(): void {
    if (this.isOver) return;
    this.isOver = true;
    const { request } = this.reply;
    const { call } = request;
    this.listeners.preAuth.leave(call);
    const aborted = call.error?.code === 'CLIENT_CLOSED';
    const facts = httpFacts(request, this.reply, { aborted, draining: this.listeners.drain.draining });
    // Calls that were cancelled just now have not reported their outcome yet.
    if (aborted) setImmediate(() => this.listeners.log.finish(call, facts));
    else this.listeners.log.finish(call, facts);
  }
}

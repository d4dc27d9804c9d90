import type { Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { GATEWAY_CONFIG } from '../config/config.token.js';
import type { GatewayConfig } from '../config/gateway-config.js';
import type { CallContext } from '../domain/call-context.js';
import { GatewayError } from '../domain/errors.js';
import { GatewayMetrics } from '../observe/metrics.js';
import { Admission } from '../traffic/admission/admission.js';
import { onConnection } from './client-connections.js';
import { openRepliesOn } from './http-exchange.js';
import { recordError } from './problem.filter.js';
import { WriteProgress } from './write-progress.js';

/** Maximum stall while the gateway drains or is at capacity, in ms. */
const PRESSED_MS = 1_000;

const LOOKS_PER_STALL = 4;

const MIN_LOOK_MS = 25;

const MAX_LOOK_MS = PRESSED_MS / LOOKS_PER_STALL;

/** A check that is late, because this process was paused, counts for at most this number of intervals. */
const MAX_LATENESS = 2;

/** Time that a client has to read the end of a response that failed, in ms. */
const LAST_WORDS_MS = 1_000;

/**
 * Ends the requests of clients that do not read their response, whatever kind it is. A response that waits holds a
 * permit, the share of its tenant and memory, and would delay a drain.
 */
@Injectable()
export class StalledClients implements OnApplicationShutdown {
  private readonly sockets = new Map<Socket, WriteProgress>();
  private readonly timers: NodeJS.Timeout[] = [];

  constructor(
    @Inject(GATEWAY_CONFIG) private readonly config: Pick<GatewayConfig, 'timeouts'>,
    private readonly admission: Admission,
    private readonly metrics: GatewayMetrics,
  ) {}

  /** Watches all connections of a server from now on. */
  watch(server: Server): void {
    const { sockets } = this;
    const forget = function (this: Socket) {
      sockets.delete(this);
    };
    onConnection(server, (socket) => {
      sockets.set(socket, new WriteProgress(socket));
      socket.once('close', forget);
    });
    const lookMs = Math.max(Math.min(this.config.timeouts.streamWriteMs / LOOKS_PER_STALL, MAX_LOOK_MS), MIN_LOOK_MS);
    let lookedAt = performance.now();
    const look = () => {
      const now = performance.now();
      this.look(server, Math.min(now - lookedAt, MAX_LATENESS * lookMs));
      lookedAt = now;
    };
    this.timers.push(setInterval(look, lookMs).unref());
  }

  onApplicationShutdown(): void {
    for (const timer of this.timers.splice(0)) clearInterval(timer);
  }

  private look(server: Server, sinceLastMs: number): void {
    const { streamWriteMs } = this.config.timeouts;
    const isPressed = !server.listening || this.admission.isFull;
    const limitMs = isPressed ? Math.min(streamWriteMs, PRESSED_MS) : streamWriteMs;
    for (const [socket, progress] of this.sockets) {
      const stalledMs = progress.look(sinceLastMs);
      if (stalledMs > 0 && stalledMs >= Math.min(limitMs, this.idleTimeoutOn(socket))) this.end(socket, stalledMs);
    }
  }

  /** Returns the longest pause that the streams on a connection allow, in ms. */
  private idleTimeoutOn(socket: Socket): number {
    let idleMs = Infinity;
    for (const { request } of openRepliesOn(socket)) {
      const { method } = request.call;
      if (method?.kind !== 'server_stream') continue;
      idleMs = Math.min(idleMs, method.policy.stream.idleTimeoutMs ?? this.config.timeouts.streamIdleMs);
    }
    return idleMs;
  }

  private end(socket: Socket, stalledMs: number): void {
    this.sockets.delete(socket);
    this.metrics.stalledClients.inc();
    const seconds = Math.round(stalledMs / 100) / 10;
    const stalled = new GatewayError('CLIENT_STALLED', `The client read nothing of the response for ${seconds} s.`);
    const replies = openRepliesOn(socket);
    if (replies.length === 0) socket.destroy();
    for (const { request, raw } of replies) {
      recordError(request.call, stalled);
      request.call.cancel(stalled);
      closeUnlessTaken(request.call, raw);
    }
    // The connection is not watched any longer, so it takes no further request, also when its client resumes reading in
    // time.
    replies.at(-1)?.raw.once('finish', () => socket.destroySoon());
  }
}

/** Closes the connection of a failed response when its client has not read the rest of it within a second. */
export function closeUnlessTaken(call: CallContext, response: ServerResponse): void {
  setTimeout(() => {
    if (response.writableFinished || response.destroyed) return;
    call.abortedByGateway = true;
    response.destroy();
  }, LAST_WORDS_MS).unref();
}

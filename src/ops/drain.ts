import type { Server } from 'node:http';
import { Server as NetServer } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { GatewayConfig } from '../config/gateway-config.js';
import { GatewayError } from '../domain/errors.js';
import type { HttpServer } from '../edge/http-server.js';
import type { Observation } from '../observe/observe.module.js';
import { drainProgress } from './drain-progress.js';

const IDLE_SWEEP_MS = 100;
const PROGRESS_MS = 1_000;
/** Time in ms for requests that are cancelled after the shutdown time to send their error to the client. */
const LAST_WORDS_MS = 1_000;
const LINGER_MS = 500;
const LINGER_LOOK_MS = 20;

/** Takes a server out of service without losing a request. The application closes its dependencies afterwards. */
export class Drain {
  private running: Promise<void> | undefined;

  constructor(
    private readonly http: HttpServer,
    private readonly config: GatewayConfig,
    private readonly observation: Observation,
  ) {}

  private get server(): Server {
    return this.http.fastify.server;
  }

  private get logger(): Logger {
    return this.observation.logger.events;
  }

  /** Runs the drain once; further calls return the same one. Resolves when the last connection is closed. */
  run(): Promise<void> {
    this.running ??= this.drain();
    return this.running;
  }

  /** Announces the drain and continues to serve: readiness fails, and connections close after their next response. */
  begin(): void {
    const { drain, metrics, inFlight } = this.observation;
    if (drain.draining) return;
    drain.begin(performance.now());
    metrics.draining.set(1);
    this.logger.info({ in_flight: inFlight.size }, 'drain_started');
  }

  private async drain(): Promise<void> {
    const { inFlight } = this.observation;
    this.begin();
    await wait(this.config.timeouts.preDrainMs);
    this.stopListening();
    const timers = [
      setInterval(() => this.server.closeIdleConnections(), IDLE_SWEEP_MS),
      setInterval(() => this.reportProgress(), PROGRESS_MS),
    ];
    await this.emptied(this.config.timeouts.shutdownMs);
    await this.cancelRest();
    await this.lingered();
    for (const timer of timers) clearInterval(timer);
    this.http.connections.destroyAll();
    this.logger.info({ in_flight: inFlight.size }, 'drain_finished');
  }

  /**
   * Waits until clients have read their responses. Closing immediately would reset a socket whose client is still
   * sending, and lose its response.
   */
  private async lingered(): Promise<void> {
    const until = performance.now() + LINGER_MS;
    while (this.http.connections.areLingering && performance.now() < until) await wait(LINGER_LOOK_MS);
  }

  /**
   * Stops accepting connections. `close` of an HTTP server would also stop its timeouts for slow clients, who could
   * then delay the drain.
   */
  private stopListening(): void {
    NetServer.prototype.close.call(this.server);
    this.server.closeIdleConnections();
  }

  private async emptied(ms: number): Promise<void> {
    const timeout = new AbortController();
    await Promise.race([
      this.observation.inFlight.empty(),
      wait(ms, undefined, { signal: timeout.signal }).catch(() => undefined),
    ]);
    timeout.abort();
  }

  private async cancelRest(): Promise<void> {
    for (const call of this.observation.inFlight) {
      call.cancel(
        new GatewayError('DRAINING', 'service unavailable: the gateway is shutting down.', { retryAfterSeconds: 1 }),
      );
    }
    await this.emptied(LAST_WORDS_MS);
  }

  private reportProgress(): void {
    this.logger.info(drainProgress(this.observation.inFlight, performance.now()), 'drain_progress');
  }
}

import { setTimeout as wait } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { GatewayConfig } from './config/gateway-config.js';
import type { BatchedLines } from './observe/log-stream.js';
import type { StopSignals } from './stop-signals.js';

const EXIT_FAILURE = 1;
/** 128 plus the number of SIGINT, as in shells. */
const EXIT_INTERRUPTED = 130;
/** Time for requests in flight after an uncaught exception, since no state can be trusted then. */
const PANIC_DRAIN_MS = 2_000;
/** Maximum time to wait for a start that is stopped. */
const START_MS = 2_000;
/** Time of the drain in addition to its waits before the process exits anyway. With FLUSH_MS it stays below the five seconds that the settings reserve before GATEWAY_TERMINATION_GRACE. */
const CLOSE_MS = 4_500;
const FLUSH_MS = 400;

/** Process part that ends without losing a request. */
export interface Drainable {
  /** Resolves to the exit code, or to undefined on success. */
  drain(): Promise<number | void>;
}

/** Ends the process of a gateway in bounded time: by one drain, regardless of the number of signals, or by a panic. */
export class ProcessEnd {
  private isExiting = false;
  private hasPanicked = false;
  private gateway: Promise<Drainable> | undefined;

  constructor(
    private readonly config: Pick<GatewayConfig, 'timeouts'>,
    private readonly log: Logger,
    private readonly stdout: BatchedLines,
  ) {}

  /** Ends this gateway, started or not, on signals and uncaught exceptions. */
  watch(gateway: Promise<Drainable>, signals: StopSignals): void {
    this.gateway = gateway;
    process.on('uncaughtException', (error) => void this.panic(error));
    process.on('unhandledRejection', (reason) => void this.panic(reason));
    void signals.stopped.then((signal) => this.stop(signal));
    void signals.forced.then(() => {
      this.log.warn({ signal: 'SIGINT' }, 'exit_forced: a second SIGINT ended the drain');
      return this.exit(EXIT_INTERRUPTED);
    });
  }

  /** Flushes the log for at most FLUSH_MS and exits. The number of lost lines is written to stderr. */
  async exit(code: number): Promise<never> {
    if (this.isExiting) return new Promise<never>(() => undefined);
    this.isExiting = true;
    const lines = await this.stdout.end(FLUSH_MS);
    if (lines > 0) {
      const line = { level: 'warn', ts: new Date().toISOString(), lines, msg: 'log_lines_lost' };
      process.stderr.write(`${JSON.stringify(line)}\n`);
    }
    process.exit(code);
  }

  private async stop(signal: string): Promise<void> {
    const { preDrainMs, shutdownMs } = this.config.timeouts;
    this.log.info({ signal }, 'stop_requested');
    setTimeout(() => this.giveUp(), preDrainMs + shutdownMs + CLOSE_MS);
    const gateway = await this.started();
    if (gateway === undefined) return void (await this.exit(0));
    const code = await gateway.drain();
    await this.exit(code ?? 0);
  }

  /** Resolves to the gateway; undefined when its start takes too long. A failed start is reported elsewhere. */
  private started(): Promise<Drainable | undefined> {
    const never = new Promise<never>(() => undefined);
    return Promise.race([this.gateway?.catch(() => never), wait(START_MS, undefined)]);
  }

  private giveUp(): void {
    this.log.error('exit_overdue: the drain did not come to its end in time');
    void this.exit(EXIT_FAILURE);
  }

  private async panic(error: unknown): Promise<void> {
    this.log.fatal({ err: error }, 'panic: uncaught exception');
    if (this.hasPanicked) return;
    this.hasPanicked = true;
    setTimeout(() => void this.exit(EXIT_FAILURE), PANIC_DRAIN_MS);
    const gateway = await this.started();
    await gateway?.drain().catch(() => undefined);
    await this.exit(EXIT_FAILURE);
  }
}

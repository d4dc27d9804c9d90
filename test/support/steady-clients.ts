import { Agent, type IncomingMessage, request } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';

/** Requests of steady clients. */
export interface SteadyLoad {
  readonly url: string;
  readonly token: string;
  readonly clients: number;
  /** Of all clients together. */
  readonly requestsPerSecond: number;
  /** A client leaves for good when its connection is about to be closed, as if its next one went elsewhere. */
  readonly leaveOnClose?: boolean;
}

/**
 * Clients that each keep one connection and send at an even pace. A request is sent a second time only where a server may
 * close a connection at any moment: on one that was idle, before anything came back (RFC 9112 9.3.1).
 */
export class SteadyClients {
  /** Number of responses by status, or by error code for requests without a response. */
  readonly outcomes = new Map<number | string, number>();
  private isStopped = false;
  private readonly running: Promise<unknown>;

  constructor(private readonly load: SteadyLoad) {
    this.running = Promise.all(Array.from({ length: load.clients }, () => this.run()));
  }

  count(outcome: number | string): number {
    return this.outcomes.get(outcome) ?? 0;
  }

  /** Resolves when all of them have left. */
  get left(): Promise<unknown> {
    return this.running;
  }

  async stop(): Promise<void> {
    this.isStopped = true;
    await this.running;
  }

  private async run(): Promise<void> {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const pauseMs = (1_000 * this.load.clients) / this.load.requestsPerSecond;
    for (
      let dueAt = performance.now();
      !this.isStopped;
      dueAt = Math.max(dueAt + pauseMs, performance.now() - pauseMs)
    ) {
      await wait(Math.max(dueAt - performance.now(), 0));
      const outcome = await this.send(agent).catch((error: NodeJS.ErrnoException) => error.code ?? String(error));
      const status = typeof outcome === 'string' ? outcome : (outcome.statusCode ?? 0);
      this.outcomes.set(status, this.count(status) + 1);
      if (this.load.leaveOnClose && typeof outcome !== 'string' && outcome.headers.connection === 'close') break;
    }
    agent.destroy();
  }

  private send(agent: Agent): Promise<IncomingMessage> {
    const headers = { authorization: `Bearer ${this.load.token}` };
    return new Promise((resolve, reject) => {
      const sent = request(this.load.url, { agent, headers }, (response) => {
        response.once('end', () => resolve(response)).once('error', reject);
        response.resume();
      });
      sent.once('error', (error: NodeJS.ErrnoException) => {
        const wasIdle = sent.reusedSocket && (error.code === 'ECONNRESET' || error.code === 'EPIPE');
        if (wasIdle) this.send(agent).then(resolve, reject);
        else reject(error);
      });
      sent.end();
    });
  }
}

import type { GatewayMetrics } from '../../observe/metrics.js';
import type { AdminCommands } from '../admin/admin-messages.js';
import type { ReloadReport } from '../reload/reloader.js';
import { type CommandQuestion, type Started, TO_FIRST } from './messages.js';
import { type Channel, ProcessLink } from './process-link.js';

const EXPOSITION_MS = 5_000;
const AGREE_MS = 60_000;
const STARTED_MS = 10_000;

/** Dependencies of the responses of a worker. */
interface WorkerParts {
  readonly commands: AdminCommands;
  readonly metrics: GatewayMetrics;
  readonly reload: () => Promise<ReloadReport>;
}

/** The other workers and the first process, as one worker sees them. */
export class Siblings {
  private readonly link: ProcessLink;
  private parts: WorkerParts | undefined;

  constructor(channel: Channel) {
    this.link = new ProcessLink(channel, {
      metrics: () => this.answering().metrics.registry.getMetricsAsJSON(),
      command: (input) => {
        const { command, input: given } = input as CommandQuestion;
        // The caller waits no longer than its own deadline.
        return this.answering().commands[command](given, new AbortController().signal);
      },
      reload: () => this.answering().reload(),
    });
  }

  /** Begins to respond, and shows the metrics of all workers at `/metrics`. */
  serve(parts: WorkerParts): void {
    this.parts = parts;
    parts.metrics.ofAllWorkers = (isOpen) => this.link.ask<string>(TO_FIRST.exposition, { isOpen }, EXPOSITION_MS);
  }

  /** Reports that this worker serves. */
  async started(started: Started): Promise<void> {
    await this.link.ask(TO_FIRST.started, started, STARTED_MS);
  }

  /** Reports that this worker could put a reload in force. Resolves to whether all can. */
  agree(): Promise<boolean> {
    return this.link.ask<boolean>(TO_FIRST.agree, {}, AGREE_MS);
  }

  private answering(): WorkerParts {
    if (this.parts === undefined) throw new Error('the worker has not started yet');
    return this.parts;
  }
}

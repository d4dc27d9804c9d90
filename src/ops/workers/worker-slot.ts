import type { Worker } from 'node:cluster';
import type { Started } from './messages.js';
import { type Handler, ProcessLink } from './process-link.js';

/** How a worker ended. */
export interface WorkerEnd {
  readonly code: number | null;
  readonly signal: string | null;
  /** Since it was made, in ms. */
  readonly livedMs: number;
  /** It has served. */
  readonly hadStarted: boolean;
}

/** What a worker tells of itself. */
export interface SlotOwner {
  onStarted(slot: WorkerSlot): void;
  onEnded(slot: WorkerSlot, end: WorkerEnd): void;
}

/** One worker, from its fork to its end. */
export class WorkerSlot {
  readonly link: ProcessLink;
  readonly pid: number | undefined;
  /** Resolves when it has ended. */
  readonly ended: Promise<WorkerEnd>;
  /** It serves: its start has come to its end. */
  started: Started | undefined;
  readonly forkedAt = performance.now();

  constructor(
    readonly number: number,
    private readonly worker: Worker,
    owner: SlotOwner,
    handlers: (slot: WorkerSlot) => Readonly<Record<string, Handler>>,
  ) {
    this.pid = worker.process.pid;
    this.link = new ProcessLink(worker, {
      ...handlers(this),
      started: (input) => {
        this.started = input as Started;
        owner.onStarted(this);
        return {};
      },
    });
    // What cannot be written to a process that has just ended; its `exit` follows.
    worker.on('error', () => undefined);
    const { promise, resolve } = Promise.withResolvers<WorkerEnd>();
    this.ended = promise;
    worker.once('exit', (code: number | null, signal: string | null) => {
      const end = { code, signal, livedMs: performance.now() - this.forkedAt, hadStarted: this.started !== undefined };
      this.link.end();
      resolve(end);
      owner.onEnded(this, end);
    });
  }

  /** Tells it to drain and end, or ends it. */
  signal(name: 'SIGTERM' | 'SIGKILL'): void {
    this.worker.process.kill(name);
  }
}

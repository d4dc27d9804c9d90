import type { Worker } from 'node:cluster';
import type { Started } from './messages.js';
import { type Handler, ProcessLink } from './process-link.js';

/** How a worker ended. */
export interface WorkerEnd {
  readonly code: number | null;
  readonly signal: string | null;
  /** Time since its fork, in ms. */
  readonly livedMs: number;
  /** True if it has served. */
  readonly hadStarted: boolean;
}

/** Receives the events of a worker. */
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
  /** Its address, once it serves. */
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
    // Writing to a process that has just ended fails; its `exit` event follows.
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

  /** Sends a signal: SIGTERM drains it, SIGKILL ends it. */
  signal(name: 'SIGTERM' | 'SIGKILL'): void {
    this.worker.process.kill(name);
  }
}

import { setTimeout as wait } from 'node:timers/promises';
import type { Worker } from 'node:worker_threads';
import type { MainMessage, WorkerMessage } from './admin-messages.js';

const START_MS = 30_000;
const CLOSE_MS = 1_000;

type Call = Extract<WorkerMessage, { kind: 'call' }>;
type Action = Extract<WorkerMessage, { kind: 'action' }>['action'];

/** Receives the events of a thread. */
export interface ThreadOwner {
  onCall(thread: AdminThread, call: Call): void;
  onAction(thread: AdminThread, action: Action): void;
  /** Called once when the thread ended without being closed, and only after it has listened. */
  onLost(thread: AdminThread, error: Error): void;
}

/** One run of the listener's thread, from its start to its end. */
export class AdminThread {
  private readonly started = Promise.withResolvers<number>();
  private readonly ended = Promise.withResolvers<void>();
  private isListening = false;
  private isClosing = false;

  constructor(
    private readonly worker: Worker,
    private readonly owner: ThreadOwner,
  ) {
    let failure = new Error('the thread of the admin listener ended');
    worker.on('message', (message: WorkerMessage) => this.take(message));
    worker.on('error', (error) => (failure = error instanceof Error ? error : new Error(String(error))));
    worker.on('exit', () => this.end(failure));
  }

  /** Resolves to the port once it listens. Rejects when it does not listen in time, or fails. */
  async port(): Promise<number> {
    const timer = setTimeout(() => this.started.reject(new Error('it did not start in time')), START_MS);
    const port = await this.started.promise.finally(() => clearTimeout(timer));
    this.isListening = true;
    // The gateway lives as long as its own server does.
    this.worker.unref();
    return port;
  }

  send(message: MainMessage): void {
    this.worker.postMessage(message);
  }

  /** Closes the thread; calls in progress get a moment to end. Idempotent. */
  async close(): Promise<void> {
    this.isClosing = true;
    this.send({ kind: 'close' });
    const timeout = new AbortController();
    const late = wait(CLOSE_MS, undefined, { signal: timeout.signal }).catch(() => undefined);
    await Promise.race([this.ended.promise, late]);
    timeout.abort();
    await this.worker.terminate();
  }

  private take(message: WorkerMessage): void {
    switch (message.kind) {
      case 'listening':
        return this.started.resolve(message.port);
      case 'failed':
        return this.started.reject(Object.assign(new Error(message.message), { code: message.code }));
      case 'call':
        return this.owner.onCall(this, message);
      case 'action':
        return this.owner.onAction(this, message.action);
      case 'ping':
        return this.send({ kind: 'pong' });
    }
  }

  private end(failure: Error): void {
    this.ended.resolve();
    this.started.reject(failure);
    if (this.isListening && !this.isClosing) this.owner.onLost(this, failure);
  }
}

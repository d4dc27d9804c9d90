import type { Worker } from 'node:cluster';
import type { Logger } from 'pino';
import { laterUnlessEnded, type Schedule } from '../../domain/schedule.js';
import type { Handler } from './process-link.js';
import { type SlotOwner, type WorkerEnd, WorkerSlot } from './worker-slot.js';

const FIRST_PAUSE_MS = 250;
const MAX_PAUSE_MS = 30_000;
/** A worker that ran this long, in ms, did not fail because of its start. */
const SOUND_LIFE_MS = 60_000;
/** Maximum number of short runs in a row, of all workers together; more are not a coincidence. */
const MAX_SHORT_LIVES = 5;
const EXIT_FAILURE = 1;

/** Dependencies of a pool. */
export interface PoolParts {
  readonly count: number;
  /** Creates the process of a worker. */
  readonly fork: (number: number) => Worker;
  readonly log: Logger;
  readonly handlers: (slot: WorkerSlot) => Readonly<Record<string, Handler>>;
  readonly onStarted: (slot: WorkerSlot) => void;
  readonly onEnded: (slot: WorkerSlot) => void;
  /** Replaced in tests. */
  readonly schedule?: Schedule;
}

/**
 * Keeps the workers of a gateway running. One that ends is replaced after an increasing pause; when they end
 * repeatedly, the gateway ends.
 */
export class WorkerPool implements SlotOwner {
  private readonly slots = new Map<number, WorkerSlot>();
  private readonly restarts = new Map<number, () => void>();
  private readonly failure = Promise.withResolvers<number>();
  private readonly ready = Promise.withResolvers<void>();
  private isStopping = false;
  private hasStarted = false;
  private shortLives = 0;

  constructor(private readonly parts: PoolParts) {}

  /** Resolves to the exit code of the process when the workers cannot be kept running. */
  get failed(): Promise<number> {
    return this.failure.promise;
  }

  /** Returns the workers that serve. */
  get serving(): WorkerSlot[] {
    return [...this.slots.values()].filter(({ started }) => started !== undefined);
  }

  /** Starts all workers; resolves when each of them serves. */
  start(): Promise<void> {
    for (let number = 1; number <= this.parts.count; number++) this.launch(number);
    return this.ready.promise;
  }

  /** Drains all workers, and resolves, when they have ended, to the highest of their exit codes. Idempotent. */
  async stop(): Promise<number> {
    this.isStopping = true;
    for (const cancel of this.restarts.values()) cancel();
    const slots = [...this.slots.values()];
    for (const slot of slots) slot.signal('SIGTERM');
    const ends = await Promise.all(slots.map(({ ended }) => ended));
    return Math.max(0, ...ends.map(({ code, signal }) => code ?? (signal === null ? 0 : EXIT_FAILURE)));
  }

  /** Kills the remaining workers. */
  kill(): void {
    for (const slot of this.slots.values()) slot.signal('SIGKILL');
  }

  onStarted(slot: WorkerSlot): void {
    const { log, count, onStarted } = this.parts;
    log.info({ worker: slot.number, pid: slot.pid, ...slot.started }, 'worker_started');
    onStarted(slot);
    if (this.hasStarted || this.serving.length < count) return;
    this.hasStarted = true;
    this.ready.resolve();
  }

  onEnded(slot: WorkerSlot, end: WorkerEnd): void {
    this.slots.delete(slot.number);
    this.parts.onEnded(slot);
    if (this.isStopping) return;
    const { code, signal } = end;
    const fields = { worker: slot.number, pid: slot.pid, code, signal, lived_ms: Math.round(end.livedMs) };
    // A refused start has reported its reason, and would be refused again.
    if (!this.hasStarted) return this.fail(code ?? EXIT_FAILURE);
    this.shortLives = end.livedMs < SOUND_LIFE_MS && code !== 0 ? this.shortLives + 1 : 0;
    if (this.shortLives >= MAX_SHORT_LIVES) {
      this.parts.log.fatal(
        fields,
        `worker_crash_loop ${this.shortLives} workers in a row ended soon after their start`,
      );
      return this.fail(EXIT_FAILURE);
    }
    const pauseMs = code === 0 ? 0 : Math.min(FIRST_PAUSE_MS * 2 ** Math.max(this.shortLives - 1, 0), MAX_PAUSE_MS);
    this.parts.log[code === 0 ? 'info' : 'error']({ ...fields, restart_in_ms: pauseMs }, 'worker_ended');
    this.launchLater(slot.number, pauseMs);
  }

  private fail(code: number): void {
    this.failure.resolve(code);
  }

  private launchLater(number: number, pauseMs: number): void {
    const { schedule = laterUnlessEnded } = this.parts;
    this.restarts.set(
      number,
      schedule(() => this.launch(number), pauseMs),
    );
  }

  private launch(number: number): void {
    this.restarts.delete(number);
    if (this.isStopping) return;
    this.slots.set(number, new WorkerSlot(number, this.parts.fork(number), this, this.parts.handlers));
  }
}

import { EventEmitter } from 'node:events';
import { isatty } from 'node:tty';

const STDIN = 0;
/** Minimum time between two Ctrl+C of a person. A parent such as npm may forward one Ctrl+C twice. */
const SECOND_AFTER_MS = 500;

const STOP_SIGNALS = ['SIGTERM', 'SIGINT'] as const;

type StopSignal = (typeof STOP_SIGNALS)[number] | 'SIGHUP';

/** Source of the signals of a process. */
export interface SignalSource {
  readonly emitter: Pick<EventEmitter, 'on'>;
  /** A terminal is attached, where a user can press Ctrl+C again. */
  readonly isTerminal: boolean;
  /** Returns whether the terminal has closed since the start. */
  readonly hasHungUp: () => boolean;
  readonly now: () => number;
}

/**
 * Handles signals from the start of the process on. Any number of SIGTERM and SIGINT is one request to stop; only a second
 * Ctrl+C on a terminal forces the exit. SIGHUP requests a reload, as in other servers, but from a closing terminal it
 * is a request to stop.
 */
export class StopSignals {
  private readonly stop = Promise.withResolvers<StopSignal>();
  private readonly force = Promise.withResolvers<void>();
  private interruptedAt: number | undefined;
  private reload: (() => void) | undefined;
  private isReloadWanted = false;
  private isWorker = false;

  constructor(private readonly source: SignalSource = ofThisProcess()) {
    for (const signal of STOP_SIGNALS) source.emitter.on(signal, () => this.take(signal));
    // Its default action would end the process without a drain.
    source.emitter.on('SIGHUP', () => this.hangUp());
    // Node would open its debugger port without `--disable-sigusr1`.
    source.emitter.on('SIGUSR1', () => undefined);
  }

  /** Ignores signals that a terminal sends to all processes, since the primary process forwards what to do. */
  beWorker(): void {
    this.isWorker = true;
  }

  /** Resolves with the first stop signal. */
  get stopped(): Promise<StopSignal> {
    return this.stop.promise;
  }

  /** Resolves at a second Ctrl+C on a terminal. */
  get forced(): Promise<void> {
    return this.force.promise;
  }

  /** Calls a function on each SIGHUP, including an earlier one, since settings may have changed meanwhile. */
  onReload(reload: () => void): void {
    this.reload = reload;
    if (this.isReloadWanted) reload();
  }

  private hangUp(): void {
    if (this.isWorker) return;
    if (this.source.isTerminal && this.source.hasHungUp()) return this.stop.resolve('SIGHUP');
    if (this.reload === undefined) this.isReloadWanted = true;
    else this.reload();
  }

  private take(signal: StopSignal): void {
    if (this.isWorker && signal === 'SIGINT') return;
    this.stop.resolve(signal);
    if (signal !== 'SIGINT' || !this.source.isTerminal) return;
    const now = this.source.now();
    this.interruptedAt ??= now;
    if (now - this.interruptedAt >= SECOND_AFTER_MS) this.force.resolve();
  }
}

function ofThisProcess(): SignalSource {
  return { emitter: process, isTerminal: isatty(STDIN), hasHungUp: () => !isatty(STDIN), now: () => performance.now() };
}

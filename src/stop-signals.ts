import { EventEmitter } from 'node:events';
import { isatty } from 'node:tty';

const STDIN = 0;
/** One Ctrl+C reaches a process twice where a parent such as npm passes it on; a person takes longer. */
const SECOND_AFTER_MS = 500;

const STOP_SIGNALS = ['SIGTERM', 'SIGINT'] as const;

type StopSignal = (typeof STOP_SIGNALS)[number] | 'SIGHUP';

/** What the signals of a process come from. */
export interface SignalSource {
  readonly emitter: Pick<EventEmitter, 'on'>;
  /** Whether somebody sits before it who can press Ctrl+C once more. */
  readonly isTerminal: boolean;
  /** Whether the terminal is gone that there was at first. */
  readonly hasHungUp: () => boolean;
  readonly now: () => number;
}

/**
 * Takes signals from the first moment of the process on. SIGTERM and SIGINT, however many come, are one request to stop;
 * only a second Ctrl+C at a terminal asks for more. SIGHUP asks for a reload, as in other servers; from a terminal that
 * closes it is a request to stop.
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
    // Its default action would end the process amid its requests, also while it drains.
    source.emitter.on('SIGHUP', () => this.hangUp());
    // Node would open the port of its debugger, also where `--disable-sigusr1` was forgotten.
    source.emitter.on('SIGUSR1', () => undefined);
  }

  /** Leaves what a terminal sends to all of its processes to the first of them, which passes on what is to be done. */
  beWorker(): void {
    this.isWorker = true;
  }

  /** Resolves with the first one. */
  get stopped(): Promise<StopSignal> {
    return this.stop.promise;
  }

  /** Resolves when somebody at a terminal does not want to wait any longer. */
  get forced(): Promise<void> {
    return this.force.promise;
  }

  /** Has each SIGHUP call this, one that has come before included: what was read by then may be outdated. */
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

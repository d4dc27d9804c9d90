import { EventEmitter } from 'node:events';
import { isatty } from 'node:tty';

const STDIN = 0;
/** One Ctrl+C reaches a process twice where a parent such as npm passes it on; a person takes longer. */
const SECOND_AFTER_MS = 500;

/** SIGHUP comes when a terminal closes. Its default action would end the process amid its requests, also while it drains. */
const STOP_SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;

type StopSignal = (typeof STOP_SIGNALS)[number];

/** What the signals of a process come from. */
export interface SignalSource {
  readonly emitter: Pick<EventEmitter, 'on'>;
  /** Whether somebody sits before it who can press Ctrl+C once more. */
  readonly isTerminal: boolean;
  readonly now: () => number;
}

/**
 * Takes SIGTERM, SIGINT and SIGHUP from the first moment of the process on: however many come, in whatever order, they are
 * one request to stop. Only a second Ctrl+C at a terminal asks for more.
 */
export class StopSignals {
  private readonly stop = Promise.withResolvers<StopSignal>();
  private readonly force = Promise.withResolvers<void>();
  private interruptedAt: number | undefined;

  constructor(private readonly source: SignalSource = ofThisProcess()) {
    for (const signal of STOP_SIGNALS) source.emitter.on(signal, () => this.take(signal));
    // Node would open the port of its debugger, also where `--disable-sigusr1` was forgotten.
    source.emitter.on('SIGUSR1', () => undefined);
  }

  /** Resolves with the first one. */
  get stopped(): Promise<StopSignal> {
    return this.stop.promise;
  }

  /** Resolves when somebody at a terminal does not want to wait any longer. */
  get forced(): Promise<void> {
    return this.force.promise;
  }

  private take(signal: StopSignal): void {
    this.stop.resolve(signal);
    if (signal !== 'SIGINT' || !this.source.isTerminal) return;
    const now = this.source.now();
    this.interruptedAt ??= now;
    if (now - this.interruptedAt >= SECOND_AFTER_MS) this.force.resolve();
  }
}

function ofThisProcess(): SignalSource {
  return { emitter: process, isTerminal: isatty(STDIN), now: () => performance.now() };
}

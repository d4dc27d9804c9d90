import type { WorkerSettings } from '../admin-messages.js';
import { LoopWatch } from './loop-watch.js';
import { MainThreadSession } from './main-thread-session.js';
import { ProfileSlot } from './profile-slot.js';

/** Inspects the main thread from the worker. Between two uses no session of the inspector is open. */
export class Inspection {
  readonly slot = new ProfileSlot();
  /** Watch of the event loop since the start; undefined unless GATEWAY_PPROF_BLOCK_RATE is on. */
  readonly watch: LoopWatch | undefined;

  /** @param ping resolves when the event loop of the main thread handles it. */
  constructor(
    private readonly settings: Pick<WorkerSettings, 'gatewayId' | 'blockRate'>,
    private readonly ping: () => Promise<void>,
  ) {
    this.watch = settings.blockRate > 0 ? this.watchLoop() : undefined;
  }

  /** Opens a session for some questions, and closes it after them. */
  async ask<T>(questions: (session: MainThreadSession) => Promise<T>): Promise<T> {
    const session = new MainThreadSession(this.settings.gatewayId);
    try {
      return await questions(session);
    } finally {
      session.close();
    }
  }

  /** Starts to watch the event loop; the caller must close it. */
  watchLoop(): LoopWatch {
    return new LoopWatch({
      ping: this.ping,
      stack: () => this.ask((session) => session.view('stack')),
      rate: Math.max(this.settings.blockRate, 1),
    });
  }

  close(): void {
    this.watch?.close();
  }
}

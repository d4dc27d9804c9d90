import type { WorkerSettings } from '../admin-messages.js';
import { LoopWatch } from './loop-watch.js';
import { MainThreadSession } from './main-thread-session.js';
import { GatewayError } from '../../../domain/errors.js';

/** The measurement in progress and its caller. */
interface ProfileHolder {
  /** The path that was called. */
  readonly profile: string;
  /** Address of the caller. */
  readonly caller: string;
  readonly requestId: string;
}

/**
 * Lets one caller at a time measure the main thread, since each measurement slows it down and would distort another
 * one.
 */
export class ProfileSlot {
  private holder: (ProfileHolder & { readonly since: Date }) | undefined;

  /** Runs work exclusively. Throws ABORTED, which names the measurement in progress. */
  async run<T>(who: ProfileHolder, work: () => Promise<T>): Promise<T> {
    if (this.holder !== undefined) throw busy(this.holder);
    this.holder = { ...who, since: new Date() };
    try {
      return await work();
    } finally {
      this.holder = undefined;
    }
  }
}

function busy({ profile, caller, requestId, since }: ProfileHolder & { readonly since: Date }): GatewayError {
  const from = since.toISOString();
  return new GatewayError(
    'PROFILE_RUNNING',
    `${caller} has been taking ${profile} since ${from} (request ${requestId}): only one profile can be taken at a time. Try again when it has ended.`,
    { members: { holder: { profile, caller, since: from, request_id: requestId } } },
  );
}

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

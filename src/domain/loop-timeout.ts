import { later, type Schedule } from './schedule.js';

/** Minimum and maximum of the waits that a timeout consists of, in ms. */
const SHORTEST_WAIT_MS = 10;
const LONGEST_WAIT_MS = 100;
/** Number of waits of which a short timeout consists. */
const WAITS = 5;

/**
 * Number of turns of the event loop that node:http2, and grpc-js on top of it, may need to deliver the content of a
 * socket.
 */
const POLLS = 8;

/** Timers of a timeout; a parameter so that tests do not need real time. */
export interface LoopTimers {
  readonly after: Schedule;
  /** Runs a callback once the event loop has polled its sockets; the result cancels it. */
  readonly afterPoll: (callback: () => void) => () => void;
}

/** Rejection reason of a peer that did not respond in time. */
export class TimedOut extends Error {
  override readonly name = 'TimedOut';

  constructor() {
    super('timed out');
  }
}

/**
 * Calls back after `ms` during which the event loop was able to run; the result cancels it. Of a pause of this process
 * (garbage collection, a CPU quota, a long task) at most one wait of 10 to 100 ms counts, and the sockets are polled
 * once more at the end: a reply that arrived during the pause is read before its sender is blamed.
 */
export function startTimeout(ms: number, onTimeout: () => void, timers: LoopTimers = LOOP): () => void {
  const waitMs = Math.min(Math.max(ms / WAITS, SHORTEST_WAIT_MS), LONGEST_WAIT_MS);
  let leftMs = ms;
  let cancel = () => undefined as void;
  const waitOn = () => {
    if (leftMs <= 0) cancel = timers.afterPoll(onTimeout);
    else {
      cancel = timers.after(waitOn, Math.min(leftMs, waitMs));
      leftMs -= waitMs;
    }
  };
  waitOn();
  return () => cancel();
}

/**
 * Settles as `work` does, or rejects with {@link TimedOut} after `ms` by {@link startTimeout}. `work` itself is not
 * cancelled.
 */
export function withTimeout<T>(ms: number, work: Promise<T>, timers?: LoopTimers): Promise<T> {
  return new Promise((resolve, reject) => {
    const cancel = startTimeout(ms, () => reject(new TimedOut()), timers);
    work.then(resolve, reject).finally(cancel);
  });
}

/** Runs work with a signal that is aborted after `ms` by {@link startTimeout}, with {@link TimedOut} as reason. */
export async function withDeadline<T>(ms: number, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const cancel = startTimeout(ms, () => controller.abort(new TimedOut()));
  try {
    return await work(controller.signal);
  } finally {
    cancel();
  }
}

/**
 * Runs a callback once the event loop has polled its sockets often enough to deliver a pending reply; the result
 * cancels it.
 */
export function afterPolls(callback: () => void): () => void {
  let left = POLLS;
  let immediate: NodeJS.Immediate;
  const turn = (): void => {
    left -= 1;
    if (left === 0) callback();
    else immediate = setImmediate(turn);
  };
  immediate = setImmediate(turn);
  return () => clearImmediate(immediate);
}

const LOOP: LoopTimers = { after: later, afterPoll: afterPolls };

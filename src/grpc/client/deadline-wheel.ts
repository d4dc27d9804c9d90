import { type Linked, LinkedSet } from '../../domain/linked-set.js';

/** Something that ends at a moment, in `performance.now()` ms. */
export interface Timed extends Linked<Timed> {
  readonly deadlineAt: number;
  /** @param stalledMs how long the event loop stood still until now, in ms. */
  onDeadline(stalledMs: number): void;
}

const TICK_MS = 8;
const SLOTS = 512;

/**
 * One coarse timer for the deadlines of all calls, at most a tick late and never early. A timer per call costs several
 * times as much to set and to clear, and almost none ever fires. The timers phase of the event loop decides which calls
 * are due, and the check phase ends them: in between the sockets are polled, so that a response that arrived before its
 * deadline is read first, however long the event loop stood still.
 */
export class DeadlineWheel {
  /** What ends about the same time, modulo the wheel's 4 s: later rounds stay where they are. */
  private readonly slots: readonly LinkedSet<Timed>[] = Array.from({ length: SLOTS }, () => new LinkedSet<Timed>());
  private size = 0;
  /** Last tick that was looked at. */
  private cursor = 0;
  private turnedAt = 0;
  /** Calls that were due then are ended next: the moment of the last timers phase, in `performance.now()` ms. */
  private dueAt = 0;
  private timer: NodeJS.Timeout | undefined;
  private readonly turnLater = (): void => this.turn();
  private readonly tick = (): void => {
    this.dueAt = performance.now();
    setImmediate(this.turnLater);
  };

  /** Takes in something whose deadline is yet to come. */
  add(timed: Timed): void {
    if (this.timer === undefined) this.start();
    this.slotOf(timed).add(timed);
    this.size += 1;
  }

  /** Does nothing for what is not there. */
  remove(timed: Timed): void {
    if (this.slotOf(timed).delete(timed)) this.size -= 1;
  }

  private slotOf({ deadlineAt }: Timed): LinkedSet<Timed> {
    return this.slots[Math.ceil(deadlineAt / TICK_MS) % SLOTS] as LinkedSet<Timed>;
  }

  private start(): void {
    this.turnedAt = performance.now();
    this.cursor = Math.floor(this.turnedAt / TICK_MS);
    this.timer = setInterval(this.tick, TICK_MS).unref();
  }

  private turn(): void {
    const now = this.dueAt;
    const tick = Math.floor(now / TICK_MS);
    const first = Math.max(this.cursor + 1, tick - SLOTS + 1);
    const stalledMs = Math.max(now - this.turnedAt - TICK_MS, 0);
    this.cursor = tick;
    this.turnedAt = now;
    for (let at = first; at <= tick; at++) {
      const slot = this.slots[at % SLOTS] as LinkedSet<Timed>;
      if (slot.size > 0) this.expire(slot, { now, stalledMs });
    }
    if (this.size > 0) return;
    clearInterval(this.timer);
    this.timer = undefined;
  }

  private expire(slot: LinkedSet<Timed>, { now, stalledMs }: { now: number; stalledMs: number }): void {
    for (const timed of slot) {
      if (timed.deadlineAt > now) continue;
      this.remove(timed);
      timed.onDeadline(stalledMs);
    }
  }
}

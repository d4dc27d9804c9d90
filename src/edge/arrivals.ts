/**
 * Maximum number of requests that begin in one turn of the event loop. A call to a fast upstream takes three turns, so
 * that three times this number are in flight, which is below any limit of admission.
 */
const PER_TURN = 16;
/**
 * Maximum number of requests that wait. Requests beyond it begin immediately: connections are limited, but a client can
 * send many requests on one before it reads a response (RFC 9112 9.3.2).
 */
const MAX_WAITING = 16_384;
/** Begun requests that are still referenced while others wait: forgetting each by itself would move all others. */
const FORGET_AFTER = 1_024;

/**
 * Queue of requests that have been read. Begins a bounded number of them, in their order, per turn of the event loop.
 * Without it a turn lasts for as long as any connection has a request: libuv keeps reading, up to 48 times, while more
 * than 1,024 sockets are readable, and a request that is answered immediately lets its client send the next one into
 * the same turn, in which no timer runs and nothing is sent to an upstream.
 */
export class Arrivals {
  private waiting: (() => void)[] = [];
  private next = 0;
  private begun = 0;
  private isTurnPlanned = false;

  /** Returns whether a request that was just read begins now, and counts it if so; otherwise it must {@link wait}. */
  tryBegin(): boolean {
    this.planTurn();
    const count = this.waiting.length - this.next;
    const begins = count >= MAX_WAITING || (count === 0 && this.begun < PER_TURN);
    if (begins) this.begun += 1;
    return begins;
  }

  /** @param begin begins the request when its turn comes; must not throw. */
  wait(begin: () => void): void {
    this.waiting.push(begin);
  }

  private planTurn(): void {
    if (this.isTurnPlanned) return;
    this.isTurnPlanned = true;
    setImmediate(this.turn);
  }

  private readonly turn = (): void => {
    this.isTurnPlanned = false;
    this.begun = 0;
    if (this.waiting.length === 0) return;
    this.planTurn();
    const end = Math.min(this.next + PER_TURN, this.waiting.length);
    while (this.next < end) {
      const begin = this.waiting[this.next]!;
      this.next += 1;
      this.begun += 1;
      begin();
    }
    if (this.next < this.waiting.length && this.next < FORGET_AFTER) return;
    this.waiting = this.waiting.slice(this.next);
    this.next = 0;
  };
}

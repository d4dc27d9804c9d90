/**
 * Maximum number of requests that are started in one turn of the event loop. A call to a fast upstream takes three turns, so
 * that three times this number are in flight, which is below any limit of admission.
 */
const AT_ONCE = 16;

/** Started requests that are still referenced while others wait: forgetting each by itself would move all others. */
const FORGET_AFTER = 1_024;

/**
 * Starts a request.
 * @param arrivedAt when it was read, in `performance.now()` ms.
 */
type Begin = (arrivedAt: number) => void;

interface Arrival {
  readonly begin: Begin;
  readonly at: number;
}

/**
 * Queue of requests that have been read; it starts a bounded number of them, in their order, per turn of the event
 * loop. Without it a turn lasts for as long as any connection has a request: libuv keeps reading, up to 48 times, while
 * more than 1,024 sockets are readable, and a request that is answered immediately lets its client send the next one
 * into the same turn, in which no timer runs and nothing is sent to an upstream. A queued request keeps its client
 * waiting, so the queue is bounded by the number of connections.
 */
export class Arrivals {
  private waiting: Arrival[] = [];
  private next = 0;
  private begun = 0;
  private isTurnPlanned = false;

  take(begin: Begin): void {
    this.planTurn();
    const at = performance.now();
    if (this.begun >= AT_ONCE || this.waiting.length > 0) return void this.waiting.push({ begin, at });
    this.begun += 1;
    begin(at);
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
    const end = Math.min(this.next + AT_ONCE, this.waiting.length);
    while (this.next < end) {
      const { begin, at } = this.waiting[this.next]!;
      this.next += 1;
      this.begun += 1;
      begin(at);
    }
    if (this.next < this.waiting.length && this.next < FORGET_AFTER) return;
    this.waiting = this.waiting.slice(this.next);
    this.next = 0;
  };
}

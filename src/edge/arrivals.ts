/**
 * Requests that are begun in one turn of the event loop. A call to a quick upstream takes three turns: fewer are in flight then
 * than admission ever refuses.
 */
const AT_ONCE = 16;

/** Begins a request. @param arrivedAt when it was read, in `performance.now()` ms. */
type Begin = (arrivedAt: number) => void;

interface Arrival {
  readonly begin: Begin;
  readonly at: number;
}

/**
 * Requests that have been read, begun in their order and so many in one turn of the event loop. Otherwise a turn takes as long
 * as all connections have requests: libuv reads on while more than 1,024 sockets have something, 48 times over, and a request
 * that is answered as it is read lets its client send the next one into the same turn, in which no timer runs and nothing is
 * sent to an upstream. What waits here keeps its client waiting, so it is bounded by the connections.
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
    if (this.next < this.waiting.length) return;
    this.waiting = [];
    this.next = 0;
  };
}

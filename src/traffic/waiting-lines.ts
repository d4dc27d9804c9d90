import type { CancelSignal } from '../domain/cancellation.js';
import { startTimeout } from '../domain/loop-timeout.js';
import { IndexedHeap } from './indexed-heap.js';

/** How a wait ended: `timeout` without a permit in time, `displaced` by a call of a tenant with a shorter line. */
export type LineOutcome = 'taken' | 'timeout' | 'displaced' | 'aborted';

/** A call that waits. */
export interface Waiter {
  readonly tenant: string;
  /** When its answer could not come in time any more: moment of the queue's clock, in ms. */
  readonly expiresAt: number;
  readonly signal: CancelSignal;
  readonly settle: (outcome: LineOutcome) => void;
}

interface Entry extends Waiter {
  readonly line: Line;
  readonly stopTimeout: () => void;
  readonly onAbort: () => void;
  older: Entry | undefined;
  newer: Entry | undefined;
}

/** The waiting calls of one tenant, a doubly linked list, so that any of them can leave in O(1). */
interface Line {
  readonly tenant: string;
  readonly weight: number;
  oldest: Entry | undefined;
  newest: Entry | undefined;
  length: number;
  inUse: number;
  /** Grows each time that the tenant is served: among equals the one that waited longest is next. */
  turn: number;
}

/**
 * Calls that wait, in a line for each tenant. The next one served is of the tenant that has the fewest permits for its
 * weight; when the queue is full, the newest call of the longest line for its weight gives way (as in RFC 8290, 4.1.3).
 * Every operation takes O(log n) of the number of tenants that wait.
 */
export class WaitingLines {
  private count = 0;
  private turns = 0;
  private readonly lines = new Map<string, Line>();
  /** Lines of the tenants that may have one permit more. */
  private readonly ready = new IndexedHeap<Line>(isServedBefore);
  private readonly longest = new IndexedHeap<Line>(isLonger);

  constructor(
    private readonly limits: {
      readonly tenantCapacity: number;
      /** Calls that may wait. */
      readonly queueSize: number;
      readonly weights: ReadonlyMap<string, number>;
    },
  ) {}

  get size(): number {
    return this.count;
  }

  /** Whether a call of a tenant may wait: there is room, or a longer line than its own would be. */
  admits(tenant: string): boolean {
    const { queueSize } = this.limits;
    if (this.count < queueSize) return true;
    const longest = this.longest.first;
    if (longest === undefined) return false;
    return ((this.lines.get(tenant)?.length ?? 0) + 1) / this.weightOf(tenant) < longest.length / longest.weight;
  }

  /**
   * Adds a call that {@link admits} let in. Settles it with `timeout` after `waitMs`, in which pauses of this process do not
   * count, since no permit is given back in them; with `aborted` as soon as its signal is.
   */
  add(waiter: Waiter, waitMs: number, inUse: number): void {
    if (this.count >= this.limits.queueSize) this.displace();
    const line = this.lineOf(waiter.tenant, inUse);
    const stopTimeout = startTimeout(waitMs, () => this.remove(entry, 'timeout'));
    const onAbort = () => this.remove(entry, 'aborted');
    const entry: Entry = { ...waiter, line, stopTimeout, onAbort, older: line.newest, newer: undefined };
    waiter.signal.addEventListener('abort', onAbort);
    if (line.newest === undefined) line.oldest = entry;
    else line.newest.newer = entry;
    line.newest = entry;
    line.length += 1;
    this.count += 1;
    this.order(line);
  }

  /** Takes out the call that is served next, and leaves it to the caller to settle it; undefined when none may be served. */
  shift(): Waiter | undefined {
    const line = this.ready.first;
    if (line?.oldest === undefined) return undefined;
    line.turn = ++this.turns;
    return this.unlink(line.oldest);
  }

  /** Takes note of how many permits a tenant has now. */
  update(tenant: string, inUse: number): void {
    const line = this.lines.get(tenant);
    if (line === undefined) return;
    line.inUse = inUse;
    this.order(line);
  }

  private displace(): void {
    const newest = this.longest.first?.newest;
    if (newest !== undefined) this.remove(newest, 'displaced');
  }

  private remove(entry: Entry, outcome: LineOutcome): void {
    this.unlink(entry).settle(outcome);
  }

  private unlink(entry: Entry): Entry {
    entry.stopTimeout();
    entry.signal.removeEventListener('abort', entry.onAbort);
    const { line, older, newer } = entry;
    if (older === undefined) line.oldest = newer;
    else older.newer = newer;
    if (newer === undefined) line.newest = older;
    else newer.older = older;
    line.length -= 1;
    this.count -= 1;
    this.order(line);
    return entry;
  }

  private lineOf(tenant: string, inUse: number): Line {
    let line = this.lines.get(tenant);
    if (line === undefined) {
      const weight = this.weightOf(tenant);
      line = { tenant, weight, oldest: undefined, newest: undefined, length: 0, inUse, turn: ++this.turns };
      this.lines.set(tenant, line);
    }
    return line;
  }

  private weightOf(tenant: string): number {
    return this.limits.weights.get(tenant) ?? 1;
  }

  /** Puts a line where it belongs after a change; an empty one is forgotten. */
  private order(line: Line): void {
    const isEmpty = line.length === 0;
    if (isEmpty) this.lines.delete(line.tenant);
    if (isEmpty) this.longest.remove(line);
    else this.longest.place(line);
    if (isEmpty || line.inUse >= this.limits.tenantCapacity) this.ready.remove(line);
    else this.ready.place(line);
  }
}

function isServedBefore(a: Line, b: Line): boolean {
  const difference = a.inUse / a.weight - b.inUse / b.weight;
  return difference === 0 ? a.turn < b.turn : difference < 0;
}

function isLonger(a: Line, b: Line): boolean {
  return a.length / a.weight > b.length / b.weight;
}

import type { CancelSignal } from '../domain/cancellation.js';
import { startTimeout } from '../domain/loop-timeout.js';
import { IndexedHeap } from './indexed-heap.js';

/** Outcome of a wait: `timeout` without a permit in time, `displaced` by a call of a tenant with a shorter line. */
export type LineOutcome = 'taken' | 'timeout' | 'displaced' | 'aborted';

/** A waiting call. */
export interface Waiter {
  readonly tenant: string;
  /** Moment after which it could no longer be answered in time, in ms of the queue's clock. */
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

/** The waiting calls of one tenant, as a doubly linked list, so that any of them can leave in O(1). */
interface Line {
  readonly tenant: string;
  readonly weight: number;
  oldest: Entry | undefined;
  newest: Entry | undefined;
  length: number;
  inUse: number;
  /** Grows each time that the tenant is served: among equal tenants the one that waited longest is next. */
  turn: number;
}

/**
 * Holds waiting calls in one line per tenant. The tenant with the fewest permits for its weight is served next; when
 * the queue is full, the newest call of the longest line for its weight is dropped (as in RFC 8290, 4.1.3). Every
 * operation takes O(log n) of the number of waiting tenants.
 */
export class WaitingLines {
  private count = 0;
  private turns = 0;
  private readonly lines = new Map<string, Line>();
  /** Lines of the tenants that may have another permit. */
  private readonly ready = new IndexedHeap<Line>(isServedBefore);
  private readonly longest = new IndexedHeap<Line>(isLonger);

  constructor(
    private readonly limits: {
      readonly tenantCapacity: number;
      /** Maximum number of waiting calls. */
      readonly queueSize: number;
      readonly weights: ReadonlyMap<string, number>;
    },
  ) {}

  get size(): number {
    return this.count;
  }

  /** Returns whether a call of a tenant may wait: there is room, or another line is longer than its own would be. */
  admits(tenant: string): boolean {
    const { queueSize } = this.limits;
    if (this.count < queueSize) return true;
    const longest = this.longest.first;
    if (longest === undefined) return false;
    return ((this.lines.get(tenant)?.length ?? 0) + 1) / this.weightOf(tenant) < longest.length / longest.weight;
  }

  /**
   * Adds a call that {@link admits} let in. Settles it with `timeout` after `waitMs`, not counting pauses of this
   * process, since no permit is released in them; with `aborted` as soon as its signal is.
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

  /**
   * Removes and returns the call that is served next, which the caller must settle; undefined when none may be
   * served.
   */
  shift(): Waiter | undefined {
    const line = this.ready.first;
    if (line?.oldest === undefined) return undefined;
    line.turn = ++this.turns;
    return this.unlink(line.oldest);
  }

  /** Records how many permits a tenant holds now. */
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

  /** Moves a line to its place after a change, and removes an empty one. */
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

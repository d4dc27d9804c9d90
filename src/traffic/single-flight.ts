import type { FlightReport } from '../observe/bounded-metrics.js';

interface Flight<T> {
  readonly outcome: Promise<T>;
  /** Arrivals of the callers beyond the first, in `performance.now()` ms: their number, the sum, the earliest. */
  waiters: number;
  joinedSum: number;
  firstJoined: number;
}

/**
 * Runs work that several callers ask for concurrently once, and gives all of them its outcome. Holds only work in
 * progress.
 */
export class SingleFlight<T> {
  private readonly flights = new Map<string, Flight<T>>();
  private waiters = 0;
  private readonly waited = { count: 0, totalMs: 0, maxMs: 0 };

  /** Returns how many callers wait for work that another one began, and how long those of finished work waited. */
  get report(): FlightReport {
    return { waiting: this.waiters, ...this.waited };
  }

  run(key: string, work: () => Promise<T>): Promise<T> {
    const known = this.flights.get(key);
    if (known !== undefined) {
      this.join(known);
      return known.outcome;
    }
    const outcome = work().finally(() => this.land(key, flight));
    const flight: Flight<T> = { outcome, waiters: 0, joinedSum: 0, firstJoined: 0 };
    this.flights.set(key, flight);
    return flight.outcome;
  }

  private join(flight: Flight<T>): void {
    const now = performance.now();
    if (flight.waiters === 0) flight.firstJoined = now;
    flight.waiters += 1;
    flight.joinedSum += now;
    this.waiters += 1;
  }

  private land(key: string, { waiters, joinedSum, firstJoined }: Flight<T>): void {
    this.flights.delete(key);
    if (waiters === 0) return;
    const now = performance.now();
    this.waiters -= waiters;
    this.waited.count += waiters;
    this.waited.totalMs += waiters * now - joinedSum;
    this.waited.maxMs = Math.max(this.waited.maxMs, now - firstJoined);
  }
}

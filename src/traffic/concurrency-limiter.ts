import type { CancelSignal } from '../domain/cancellation.js';
import { type LineOutcome, WaitingLines } from './waiting-lines.js';

/** Limits of the places at one upstream, or of one RPC. */
export interface ConcurrencyLimits {
  readonly capacity: number;
  /** Most places of one tenant. */
  readonly tenantCapacity: number;
  readonly queueSize: number;
  readonly queueTimeoutMs: number;
  /** How much one tenant gets compared with others; 1 unless it is here. */
  readonly weights: ReadonlyMap<string, number>;
}

/** How a wait ended; `capacity` immediately, because the queue is full and no tenant has a longer line. */
export type WaitOutcome = LineOutcome | 'capacity';

/** A step of the running median: small enough to be calm, large enough to follow a change within a hundred calls. */
const STEP = 0.05;

/**
 * Places for concurrent calls. While some are free, taking one is a matter of two numbers. When none is, calls wait in a
 * line for each tenant: a free place goes to the tenant that has the fewest for its weight, a full queue drops the newest
 * call of the longest line, and a call that could not be answered in time any more is dropped rather than sent.
 */
export class ConcurrencyLimiter {
  private taken = 0;
  /** Places of each tenant that has any. */
  private readonly byTenant = new Map<string, number>();
  private readonly lines: WaitingLines;
  private medianMs = 0;

  constructor(
    private readonly limits: ConcurrencyLimits,
    private readonly now: () => number = () => performance.now(),
  ) {
    this.lines = new WaitingLines(limits);
  }

  get capacity(): number {
    return this.limits.capacity;
  }

  get inUse(): number {
    return this.taken;
  }

  get queued(): number {
    return this.lines.size;
  }

  /** Takes a place if there is one. Nobody is overtaken: whoever waits could not have it. */
  tryAcquire(tenant: string): boolean {
    const own = this.byTenant.get(tenant) ?? 0;
    if (this.taken >= this.limits.capacity || own >= this.limits.tenantCapacity) return false;
    this.taken += 1;
    this.byTenant.set(tenant, own + 1);
    if (this.lines.size > 0) this.lines.update(tenant, own + 1);
    return true;
  }

  /** Waits for a place, at most as long as leaves half of such calls time for their answer. Never rejects. */
  wait(tenant: string, remainingMs: number, signal: CancelSignal): Promise<WaitOutcome> {
    if (signal.aborted) return Promise.resolve('aborted');
    if (!this.lines.admits(tenant)) return Promise.resolve('capacity');
    const spareMs = remainingMs - this.medianMs;
    if (spareMs <= 0) return Promise.resolve('timeout');
    const waitMs = Math.min(this.limits.queueTimeoutMs, spareMs);
    return new Promise((settle) => {
      const waiter = { tenant, expiresAt: this.now() + spareMs, signal, settle };
      this.lines.add(waiter, waitMs, this.byTenant.get(tenant) ?? 0);
    });
  }

  /** Gives a place back. */
  release(tenant: string): void {
    this.taken -= 1;
    const own = (this.byTenant.get(tenant) ?? 1) - 1;
    if (own === 0) this.byTenant.delete(tenant);
    else this.byTenant.set(tenant, own);
    if (this.lines.size > 0) this.serve(tenant, own);
  }

  /** Learns how long a call took. */
  note(ms: number): void {
    if (this.medianMs === 0) this.medianMs = ms;
    else this.medianMs *= ms > this.medianMs ? 1 + STEP : 1 - STEP;
  }

  private serve(freedBy: string, inUse: number): void {
    this.lines.update(freedBy, inUse);
    while (this.taken < this.limits.capacity) {
      const next = this.lines.shift();
      if (next === undefined) return;
      const isInTime = this.now() <= next.expiresAt;
      if (isInTime) this.tryAcquire(next.tenant);
      next.settle(isInTime ? 'taken' : 'timeout');
    }
  }
}

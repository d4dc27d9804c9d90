import type { CancelSignal } from '../domain/cancellation.js';
import { type LineOutcome, WaitingLines } from './waiting-lines.js';

/** Limits of the concurrent calls to one upstream, or of one RPC. */
export interface ConcurrencyLimits {
  readonly capacity: number;
  /** Maximum number of permits of one tenant. */
  readonly tenantCapacity: number;
  readonly queueSize: number;
  readonly queueTimeoutMs: number;
  /** Weight of a tenant compared with others; 1 unless it is in the map. */
  readonly weights: ReadonlyMap<string, number>;
}

/** Outcome of a wait; `capacity` immediately, because the queue is full and no tenant has a longer line. */
export type WaitOutcome = LineOutcome | 'capacity';

/** Step of the running median: small enough to be stable, large enough to follow a change within a hundred calls. */
const STEP = 0.05;

/**
 * Hands out permits for concurrent calls. While some are free, acquiring one only changes two numbers. When none is
 * free, calls wait in a line per tenant: a released permit goes to the tenant that has the fewest for its weight, a
 * full queue drops the newest call of the longest line, and a call that can no longer be answered in time is dropped
 * rather than sent.
 */
export class ConcurrencyLimiter {
  private taken = 0;
  /** Number of permits by tenant; tenants without permits are not in it. */
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

  /** Acquires a permit if one is free. Does not overtake: a call that waits could not have used this permit. */
  tryAcquire(tenant: string): boolean {
    const own = this.byTenant.get(tenant) ?? 0;
    if (this.taken >= this.limits.capacity || own >= this.limits.tenantCapacity) return false;
    this.taken += 1;
    this.byTenant.set(tenant, own + 1);
    if (this.lines.size > 0) this.lines.update(tenant, own + 1);
    return true;
  }

  /** Waits for a permit, at most until half of such calls could no longer be answered in time. Never rejects. */
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

  /** Releases a permit. */
  release(tenant: string): void {
    this.taken -= 1;
    const own = (this.byTenant.get(tenant) ?? 1) - 1;
    if (own === 0) this.byTenant.delete(tenant);
    else this.byTenant.set(tenant, own);
    if (this.lines.size > 0) this.serve(tenant, own);
  }

  /** Records the duration of a call. */
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

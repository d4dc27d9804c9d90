/** Limits of the places at one upstream, or of one RPC. */
export interface PlaceLimits {
  readonly capacity: number;
  /** Most places of one tenant. */
  readonly tenantCapacity: number;
  readonly queueSize: number;
  readonly queueTimeoutMs: number;
  /** How much one tenant gets compared with others; 1 unless it is here. */
  readonly weights: ReadonlyMap<string, number>;
}

/** How a wait ended: `capacity` at once, because the queue is full; `timeout` without a place in time. */
export type WaitOutcome = 'taken' | 'capacity' | 'timeout' | 'aborted';

interface Waiter {
  readonly tenant: string;
  readonly expiresAt: number;
  readonly signal: AbortSignal;
  readonly timer: NodeJS.Timeout;
  settle(outcome: WaitOutcome): void;
}

/** A step of the running median: small enough to be calm, large enough to follow a change within a hundred calls. */
const STEP = 0.05;

/**
 * Places for calls at once. While some are free, taking one is a matter of two numbers. When none is, calls wait in
 * line by tenant: a free place goes to the tenant that has the fewest for its weight (row N-8), and a call that could
 * not be answered in time any more is dropped rather than sent (row N-16).
 */
export class Places {
  private taken = 0;
  private waiting = 0;
  /** Places of each tenant that has any. */
  private readonly byTenant = new Map<string, number>();
  private readonly lines = new Map<string, Waiter[]>();
  private medianMs = 0;

  constructor(
    private readonly limits: PlaceLimits,
    private readonly now: () => number = () => performance.now(),
  ) {}

  get capacity(): number {
    return this.limits.capacity;
  }

  get inUse(): number {
    return this.taken;
  }

  get queued(): number {
    return this.waiting;
  }

  /** Takes a place if there is one. Nobody is overtaken: whoever waits could not have it. */
  tryTake(tenant: string): boolean {
    const own = this.byTenant.get(tenant) ?? 0;
    if (this.taken >= this.limits.capacity || own >= this.limits.tenantCapacity) return false;
    this.taken += 1;
    this.byTenant.set(tenant, own + 1);
    return true;
  }

  /** Waits for a place, at most as long as leaves half of such calls time for their answer. Never rejects. */
  wait(tenant: string, remainingMs: number, signal: AbortSignal): Promise<WaitOutcome> {
    if (this.waiting >= this.limits.queueSize) return Promise.resolve('capacity');
    const waitMs = Math.min(this.limits.queueTimeoutMs, remainingMs - this.medianMs);
    if (waitMs <= 0) return Promise.resolve('timeout');
    return new Promise((settle) => this.enqueue({ tenant, waitMs, signal, settle }));
  }

  /** Gives a place back. */
  give(tenant: string): void {
    this.taken -= 1;
    const own = (this.byTenant.get(tenant) ?? 1) - 1;
    if (own === 0) this.byTenant.delete(tenant);
    else this.byTenant.set(tenant, own);
    if (this.waiting > 0) this.serve();
  }

  /** Learns how long a call took. */
  note(ms: number): void {
    if (this.medianMs === 0) this.medianMs = ms;
    else this.medianMs *= ms > this.medianMs ? 1 + STEP : 1 - STEP;
  }

  private enqueue({
    tenant,
    waitMs,
    signal,
    settle,
  }: Pick<Waiter, 'tenant' | 'signal' | 'settle'> & { waitMs: number }) {
    const timer = setTimeout(() => this.drop(waiter, 'timeout'), waitMs);
    const waiter: Waiter = { tenant, expiresAt: this.now() + waitMs, signal, timer, settle };
    const line = this.lines.get(tenant);
    if (line === undefined) this.lines.set(tenant, [waiter]);
    else line.push(waiter);
    this.waiting += 1;
  }

  private serve(): void {
    while (this.taken < this.limits.capacity) {
      const line = this.nextLine();
      const waiter = line?.[0];
      if (waiter === undefined) return;
      if (waiter.signal.aborted) this.drop(waiter, 'aborted');
      else if (this.now() > waiter.expiresAt) this.drop(waiter, 'timeout');
      else if (this.tryTake(waiter.tenant)) this.drop(waiter, 'taken');
    }
  }

  /** The line of the tenant that may have one more and has the fewest for its weight; the longest waiting of those. */
  private nextLine(): Waiter[] | undefined {
    let next: Waiter[] | undefined;
    let least = Infinity;
    for (const [tenant, line] of this.lines) {
      const own = this.byTenant.get(tenant) ?? 0;
      const share = own / (this.limits.weights.get(tenant) ?? 1);
      if (own >= this.limits.tenantCapacity || share >= least) continue;
      least = share;
      next = line;
    }
    return next;
  }

  /** Takes a waiter out of its line, whose tenant goes to the end of those that wait. */
  private drop(waiter: Waiter, outcome: WaitOutcome): void {
    clearTimeout(waiter.timer);
    const line = this.lines.get(waiter.tenant) ?? [];
    line.splice(line.indexOf(waiter), 1);
    this.lines.delete(waiter.tenant);
    if (line.length > 0) this.lines.set(waiter.tenant, line);
    this.waiting -= 1;
    waiter.settle(outcome);
  }
}

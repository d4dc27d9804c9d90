/** Lifetime of tokens granted ahead, in ms: those left after it are lost to the caller. */
export const LEASE_MS = 1000;

/**
 * What an instance knows about a bucket in the shared store. Times are in ms of this instance's clock, from the
 * moment of the reply on.
 */
export class Lease {
  /** Whole tokens in the store at its last reply. */
  inStore = 0;
  /** True while a request for tokens ahead is in flight. */
  isAsking = false;
  private granted = 0;
  private endsAt = 0;
  private lastGrant = 0;
  private deniedCost = Infinity;
  private deniedUntil = 0;

  /** Returns the tokens that may be used without asking the store. */
  available(now: number): number {
    return now < this.endsAt ? this.granted : 0;
  }

  /** Returns whether to ask for more tokens, so that the next request need not wait. */
  isLow(now: number): boolean {
    return !this.isAsking && this.lastGrant > 0 && this.available(now) * 2 < this.lastGrant;
  }

  /** Uses tokens that are available. */
  use(cost: number): void {
    this.granted -= cost;
  }

  /** Stores the reply to a request for tokens ahead: their number. */
  grant(ahead: number, now: number): void {
    this.granted = this.available(now) + ahead;
    this.lastGrant = ahead;
    this.endsAt = now + LEASE_MS;
  }

  /** Stores a denial: the store lacked `cost` tokens, and will have them in `waitMs`. */
  deny(cost: number, waitMs: number, now: number): void {
    this.deniedCost = cost;
    this.deniedUntil = now + waitMs;
  }

  /** Returns for how many ms the store is known not to have `cost` tokens; 0 when it may. */
  deniedFor(cost: number, now: number): number {
    return cost >= this.deniedCost ? Math.max(0, this.deniedUntil - now) : 0;
  }
}

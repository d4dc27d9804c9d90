/** How long tokens that were granted ahead may be used: those left over then are lost to the caller. */
export const LEASE_MS = 1000;

/** What an instance knows of a bucket in the shared store. Times are in ms of this instance's clock, from the moment of the answer on. */
export class Lease {
  /** Whole tokens that the store still had when it answered. */
  inStore = 0;
  /** An ask for tokens ahead is under way. */
  isAsking = false;
  private granted = 0;
  private endsAt = 0;
  private lastGrant = 0;
  private deniedCost = Infinity;
  private deniedUntil = 0;

  /** Tokens that may be used without asking. */
  available(now: number): number {
    return now < this.endsAt ? this.granted : 0;
  }

  /** More should be asked for, so that the next request need not wait. */
  isLow(now: number): boolean {
    return !this.isAsking && this.lastGrant > 0 && this.available(now) * 2 < this.lastGrant;
  }

  /** Takes tokens that are available. */
  use(cost: number): void {
    this.granted -= cost;
  }

  /** The answer to an ask for tokens ahead: how many there are. */
  grant(ahead: number, now: number): void {
    this.granted = this.available(now) + ahead;
    this.lastGrant = ahead;
    this.endsAt = now + LEASE_MS;
  }

  /** The store did not have `cost` tokens, and will have them in `waitMs`. */
  deny(cost: number, waitMs: number, now: number): void {
    this.deniedCost = cost;
    this.deniedUntil = now + waitMs;
  }

  /** How long asking the store for `cost` tokens is pointless; 0 when it is not. */
  deniedFor(cost: number, now: number): number {
    return cost >= this.deniedCost ? Math.max(0, this.deniedUntil - now) : 0;
  }
}

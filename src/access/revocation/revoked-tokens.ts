/** Between two sweeps for expired tokens when the set is full, so that a flood of revocations does not sweep for each. */
const SWEEP_SECONDS = 1;

export interface RevokedTokensOptions {
  /** Tokens remembered at most. */
  readonly capacity: number;
  /** A token is accepted for so long after its `exp`, and so must be remembered for as long. */
  readonly toleranceSeconds: number;
  readonly nowSeconds?: () => number;
}

/** Revoked tokens by `jti`, each until no gateway would accept it any more. Full, it forgets the one that came first and says so. */
export class RevokedTokens {
  /** Value: unix seconds of the token's `exp`. */
  private readonly expiries = new Map<string, number>();
  private readonly nowSeconds: () => number;
  private lastSweep = -Infinity;
  private overflowed = false;
  private drops = 0;

  constructor(private readonly options: RevokedTokensOptions) {
    this.nowSeconds = options.nowSeconds ?? (() => Date.now() / 1000);
  }

  get size(): number {
    return this.expiries.size;
  }

  /** True when tokens were forgotten that still matter. */
  get overflowing(): boolean {
    return this.overflowed;
  }

  /** Returns the number of entries dropped so far because the set was full. */
  get evicted(): number {
    return this.drops;
  }

  has(tokenId: string): boolean {
    const expiry = this.expiries.get(tokenId);
    return expiry !== undefined && this.matters(expiry);
  }

  /** Whether a token of this `exp` could still be accepted somewhere. */
  matters(expiresAt: number): boolean {
    return expiresAt + this.options.toleranceSeconds > this.nowSeconds();
  }

  add(tokenId: string, expiresAt: number): void {
    const known = this.expiries.get(tokenId);
    if (known !== undefined) return void this.expiries.set(tokenId, Math.max(known, expiresAt));
    if (!this.matters(expiresAt)) return;
    if (this.expiries.size >= this.options.capacity) this.makeRoom();
    this.expiries.set(tokenId, expiresAt);
  }

  /** Forgets what has expired. */
  sweep(): void {
    this.lastSweep = this.nowSeconds();
    for (const [tokenId, expiry] of this.expiries) if (!this.matters(expiry)) this.expiries.delete(tokenId);
  }

  /** Told after everything that matters was read and found to fit. */
  settle(): void {
    this.overflowed = false;
  }

  /** What is remembered and still matters, with its `exp`. */
  *live(): Iterable<readonly [tokenId: string, expiresAt: number]> {
    for (const entry of this.expiries) if (this.matters(entry[1])) yield entry;
  }

  private makeRoom(): void {
    if (this.nowSeconds() - this.lastSweep >= SWEEP_SECONDS) this.sweep();
    if (this.expiries.size < this.options.capacity) return;
    this.overflowed = true;
    this.drops += 1;
    for (const oldest of this.expiries.keys()) return void this.expiries.delete(oldest);
  }
}

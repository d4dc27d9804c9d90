/** Minimum interval between two sweeps of a full set, so that a flood of revocations does not sweep for each one. */
const SWEEP_SECONDS = 1;

interface RevokedTokensOptions {
  /** Maximum number of tokens. */
  readonly capacity: number;
  /** Time for which a token is accepted after its `exp`, and for which its revocation is kept. */
  readonly toleranceSeconds: number;
  readonly nowSeconds?: () => number;
}

/**
 * Revoked tokens by `jti`, each until no gateway would accept it. When full, the oldest is dropped and {@link
 * overflowing} becomes true.
 */
export class RevokedTokens {
  /** Value: the token's `exp` in Unix seconds. */
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

  /** True if tokens were dropped that could still be accepted. */
  get overflowing(): boolean {
    return this.overflowed;
  }

  /** Returns the number of tokens dropped so far because the set was full. */
  get evicted(): number {
    return this.drops;
  }

  has(tokenId: string): boolean {
    const expiry = this.expiries.get(tokenId);
    return expiry !== undefined && this.matters(expiry);
  }

  /** Returns true if a token with this `exp` could still be accepted by a gateway. */
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

  /** Removes expired tokens. */
  sweep(): void {
    this.lastSweep = this.nowSeconds();
    for (const [tokenId, expiry] of this.expiries) if (!this.matters(expiry)) this.expiries.delete(tokenId);
  }

  /** Resets {@link overflowing} after all relevant tokens were read and fit. */
  settle(): void {
    this.overflowed = false;
  }

  /** Iterates over the tokens that could still be accepted, with their `exp`. */
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

/** How many retries an upstream is worth: as gRPC's retry throttling (A6), one for about ten calls that succeed. */
const MAX_TOKENS = 100;
const TOKENS_PER_SUCCESS = 0.1;

/**
 * Retries at one upstream. Each failure takes a token, each success brings a tenth of one; while half are gone there
 * are no retries, so that an upstream that is down gets about as many attempts as there are calls.
 */
export class RetryBudget {
  private tokens = MAX_TOKENS;

  succeeded(): void {
    this.tokens = Math.min(this.tokens + TOKENS_PER_SUCCESS, MAX_TOKENS);
  }

  /** Takes note of a failure that might be tried again. */
  failed(): void {
    this.tokens = Math.max(this.tokens - 1, 0);
  }

  get allows(): boolean {
    return this.tokens > MAX_TOKENS / 2;
  }
}

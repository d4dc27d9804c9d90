/** Tokens of the budget, as in gRPC's retry throttling (proposal A6): one retry for about ten successful calls. */
const MAX_TOKENS = 100;
const TOKENS_PER_SUCCESS = 0.1;

/**
 * Limits the retries at one upstream. Each failure takes a token and each success adds a tenth of one; with half of
 * the tokens or fewer there are no retries, so that an upstream that is down gets about as many attempts as there are
 * calls.
 */
export class RetryBudget {
  private tokens = MAX_TOKENS;

  succeeded(): void {
    this.tokens = Math.min(this.tokens + TOKENS_PER_SUCCESS, MAX_TOKENS);
  }

  /** Records a retryable failure. */
  failed(): void {
    this.tokens = Math.max(this.tokens - 1, 0);
  }

  get allows(): boolean {
    return this.tokens > MAX_TOKENS / 2;
  }
}

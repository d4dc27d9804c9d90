import { setTimeout as pause } from 'node:timers/promises';
import { abortSignalOf } from '../domain/cancellation.js';
import type { RetryPolicy } from '../domain/policy.js';
import { GrpcFailure } from '../grpc/grpc-failure.js';
import { abortError } from '../grpc/status.js';
import type { Layer, StackCall } from './call.js';
import { GatewayError } from '../domain/errors.js';

const MAX_BACKOFF_MS = 500;

/** Options of retries. */
export interface RetryOptions {
  readonly policy: RetryPolicy;
  readonly budget: RetryBudget;
  /** Returns the moment by which a call must be answered, in `performance.now()` ms. */
  readonly deadlineOf: (call: StackCall) => number;
  /** Called for each attempt beyond the first. */
  readonly onRetry: () => void;
  /** Returns a number from 0 to below 1. */
  readonly random?: () => number;
}

/** Repeats a call that failed before any part of a response arrived. For idempotent methods only. */
export function retry(options: RetryOptions): Layer {
  const { policy, budget, deadlineOf, onRetry } = options;
  return (next) => async (call) => {
    for (let attempt = 1; ; attempt++) {
      try {
        const response = await next(call);
        budget.succeeded();
        return response;
      } catch (error) {
        const failure = retryableFailure(error);
        if (failure === undefined) throw error;
        budget.failed();
        const waitMs = attempt < policy.maxAttempts ? waitBefore(options, call, attempt, failure) : undefined;
        if (waitMs === undefined) throw error;
        onRetry();
        await pause(waitMs, undefined, { signal: abortSignalOf(call.signal) }).catch(() => {
          throw abortError(call.method.upstream, call.signal);
        });
        // The pause took too long, for instance on a blocked event loop: the failure of the backend is still the error.
        if (performance.now() >= deadlineOf(call)) throw error;
      }
    }
  };
}

/**
 * Returns the pause before the next attempt in ms; undefined for no further attempt, because the backend or the
 * budget forbids it or no time would be left.
 */
function waitBefore(
  { policy, budget, deadlineOf, random = Math.random }: RetryOptions,
  call: StackCall,
  attempt: number,
  { pushbackMs }: GrpcFailure,
): number | undefined {
  if (!budget.allows || (pushbackMs !== undefined && pushbackMs < 0)) return undefined;
  const backoffMs = Math.min(policy.backoffMs * 2 ** (attempt - 1), MAX_BACKOFF_MS);
  const waitMs = pushbackMs ?? backoffMs * (0.5 + random() / 2);
  return performance.now() + waitMs < deadlineOf(call) ? waitMs : undefined;
}

/**
 * Returns the failure behind an error if the same call may be sent again: no part of a response arrived, and the
 * backend does not forbid it.
 */
export function retryableFailure(error: unknown): GrpcFailure | undefined {
  const failure = error instanceof GatewayError ? error.cause : undefined;
  if (!(failure instanceof GrpcFailure) || !failure.retryableUncommitted) return undefined;
  return failure;
}

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

import type { UpstreamTrace } from '../domain/call-context.js';
import { abortSignalOf } from '../domain/cancellation.js';
import { cancelledError } from '../grpc/status.js';
import type { Layer, Next, StackCall } from './call.js';
import { type RetryBudget, retryableFailure } from './retry.js';

/** Options of hedging: when a call gets a second concurrent attempt. */
export interface HedgeOptions {
  /** Maximum number of attempts, including the first. */
  readonly maxAttempts: number;
  readonly hedgeAfterMs: number;
  readonly budget: RetryBudget;
  /** Called for each attempt beyond the first. */
  readonly onHedge: () => void;
}

/**
 * Sends a second attempt of an idempotent call when the first takes long, and returns the first response. An attempt
 * that failed in a retryable way is followed by the next one immediately. Attempts that are no longer needed are
 * cancelled.
 */
export function hedge(options: HedgeOptions): Layer {
  return (next) => (call) => new HedgedCall(next, call, options).run();
}

class HedgedCall {
  private readonly outcome = Promise.withResolvers<Uint8Array>();
  private readonly abort = new AbortController();
  private readonly signal: AbortSignal;
  private timer: NodeJS.Timeout | undefined;
  private attempts = 0;
  private pending = 0;
  private settled = false;

  constructor(
    private readonly next: Next,
    private readonly call: StackCall,
    private readonly options: HedgeOptions,
  ) {
    this.signal = AbortSignal.any([abortSignalOf(call.signal), this.abort.signal]);
  }

  run(): Promise<Uint8Array> {
    this.attempt();
    return this.outcome.promise;
  }

  /** Starts an attempt. Each has its own trace, so that the cancelled one does not overwrite the one that counts. */
  private attempt(): void {
    this.attempts += 1;
    this.pending += 1;
    const trace = { ...this.call.trace, attempts: 0 };
    this.next({ ...this.call, trace, signal: this.signal }).then(
      (response) => this.answered(response, trace),
      (error: unknown) => this.failed(error, trace),
    );
    clearTimeout(this.timer);
    if (this.mayGoOn) this.timer = setTimeout(() => this.hedge(), this.options.hedgeAfterMs);
  }

  private get mayGoOn(): boolean {
    return this.attempts < this.options.maxAttempts && this.options.budget.allows && !this.call.signal.aborted;
  }

  private hedge(): void {
    if (this.settled || !this.mayGoOn) return;
    this.options.onHedge();
    this.attempt();
  }

  private answered(response: Uint8Array, trace: UpstreamTrace): void {
    this.pending -= 1;
    if (this.settled) return;
    this.options.budget.succeeded();
    this.settle(trace);
    this.outcome.resolve(response);
  }

  private failed(error: unknown, trace: UpstreamTrace): void {
    this.pending -= 1;
    if (this.settled) return;
    const failure = retryableFailure(error);
    if (failure !== undefined) {
      this.options.budget.failed();
      if (this.mayGoOn && (failure.pushbackMs ?? 0) === 0) return this.hedge();
      if (this.pending > 0) return;
    }
    this.settle(trace);
    this.outcome.reject(error as Error);
  }

  private settle(trace: UpstreamTrace): void {
    this.settled = true;
    clearTimeout(this.timer);
    Object.assign(this.call.trace, trace, { attempts: this.attempts });
    if (this.pending > 0) this.abort.abort(cancelledError(this.call.method.upstream));
  }
}

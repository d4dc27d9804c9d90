import { GatewayError } from '../../domain/errors.js';
import { startTimeout } from '../../domain/loop-timeout.js';

/** What is needed of an Observable, whichever copy of RxJS made it. */
interface Subscribable {
  subscribe(observer: LastValue): { unsubscribe(): void };
}

/** For how long code of an adopter is waited for. */
export interface Patience {
  /** Ends the wait, with its reason, when the request does. */
  readonly signal: AbortSignal;
  /** In `performance.now()` ms; Infinity for none. */
  readonly deadlineAt: number;
  /** Who is waited for, in the problem that a client gets. */
  readonly who: string;
}

/**
 * Resolves to what code of an adopter comes to: a value, that of a promise, or the last value of an Observable, undefined
 * for one without values. Rejects with UPSTREAM_TIMEOUT when it takes too long; an Observable is unsubscribed from then.
 */
export function lastValue(outcome: unknown, patience: Patience): Promise<unknown> {
  return new Promise((resolve, reject) => new LastValue({ resolve, reject }, patience).await(outcome));
}

/** Whether something is an Observable. */
export function isObservable(value: unknown): value is Subscribable {
  return typeof value === 'object' && value !== null && 'subscribe' in value && typeof value.subscribe === 'function';
}

interface Settle {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

class LastValue {
  private last: unknown;
  private isOver = false;
  private subscription: { unsubscribe(): void } | undefined;
  private cancelTimeout: () => void = () => undefined;

  constructor(
    private readonly settle: Settle,
    private readonly patience: Patience,
  ) {}

  await(outcome: unknown): void {
    const { signal, deadlineAt } = this.patience;
    if (signal.aborted) return this.handleEvent();
    signal.addEventListener('abort', this);
    if (deadlineAt !== Infinity) {
      this.cancelTimeout = startTimeout(Math.max(deadlineAt - performance.now(), 0), () => this.timeOut());
    }
    Promise.resolve(outcome).then(
      (value) => this.take(value),
      (error: unknown) => this.error(error),
    );
  }

  next(value: unknown): void {
    this.last = value;
  }

  error(error: unknown): void {
    if (this.end()) this.settle.reject(error);
  }

  complete(): void {
    if (this.end()) this.settle.resolve(this.last);
  }

  /** The request is over. */
  handleEvent(): void {
    this.error(this.patience.signal.reason);
  }

  private take(value: unknown): void {
    if (this.isOver) return;
    if (!isObservable(value)) {
      this.next(value);
      return this.complete();
    }
    this.subscription = value.subscribe(this);
    if (this.isOver) this.subscription.unsubscribe();
  }

  private timeOut(): void {
    const detail = `${this.patience.who} did not come to an end before the deadline of the request.`;
    this.error(new GatewayError('UPSTREAM_TIMEOUT', detail));
  }

  /** False if it was over before. */
  private end(): boolean {
    if (this.isOver) return false;
    this.isOver = true;
    this.cancelTimeout();
    this.patience.signal.removeEventListener('abort', this);
    this.subscription?.unsubscribe();
    return true;
  }
}

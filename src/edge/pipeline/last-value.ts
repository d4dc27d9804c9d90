import { type DescMethod, type Message, toBinary } from '@bufbuild/protobuf';
import { GatewayError } from '../../domain/errors.js';
import { startTimeout } from '../../domain/loop-timeout.js';
import type { JsonValue, RpcOverride } from '../rpc-call.js';

/** The part of an Observable that is used, whichever copy of RxJS made it. */
interface Subscribable {
  subscribe(observer: LastValue): { unsubscribe(): void };
}

/** Limits of the wait for an adopter's code. */
export interface Patience {
  /** Ends the wait, with its reason, when the request ends. */
  readonly signal: AbortSignal;
  /** In `performance.now()` ms; Infinity for none. */
  readonly deadlineAt: number;
  /** Name of the code that is waited for, in the problem that a client receives. */
  readonly who: string;
}

/**
 * Resolves to the result of an adopter's code: a value, that of a promise, or the last value of an Observable,
 * undefined for one without values. Rejects with UPSTREAM_TIMEOUT when it takes too long; an Observable is then
 * unsubscribed.
 */
export function lastValue(outcome: unknown, patience: Patience): Promise<unknown> {
  return new Promise((resolve, reject) => new LastValue({ resolve, reject }, patience).await(outcome));
}

/** Returns whether a value is an Observable. */
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

  /** Called when the request is over. */
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

  /** Ends the wait. Returns false if it had already ended. */
  private end(): boolean {
    if (this.isOver) return false;
    this.isOver = true;
    this.cancelTimeout();
    this.patience.signal.removeEventListener('abort', this);
    this.subscription?.unsubscribe();
    return true;
  }
}

/** All results that an explicit method may have, whatever its type says: an adopter's code need not be typed. */
type Outcome = Uint8Array | JsonValue | Message | undefined;

/**
 * Wraps an explicit method so that it resolves to bytes or JSON before the deadline of its request, whatever it
 * returns: a value, a promise, an Observable of ClientGrpc, or the response message itself, which is encoded.
 */
export function settledOverride(override: RpcOverride, { parent, name, output }: DescMethod): RpcOverride {
  const who = `${parent.typeName}/${name}`;
  return async (call) => {
    const { signal, context } = call;
    const outcome = (await lastValue(override(call), { signal, deadlineAt: context.deadlineAt, who })) as Outcome;
    const isMessage = typeof outcome === 'object' && outcome !== null && '$typeName' in outcome;
    if (isMessage && outcome.$typeName === output.typeName) return toBinary(output, outcome as Message);
    return outcome as Uint8Array | JsonValue;
  };
}

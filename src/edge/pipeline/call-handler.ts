// oxlint-disable-next-line no-restricted-imports -- what Nest's interceptors are given is an Observable
import { Observable, type Subscriber } from 'rxjs';
import { GatewayError } from '../../domain/errors.js';
import { runSteps, type Step } from './pipeline.js';
import { RpcExchange } from './rpc-exchange.js';

/**
 * Runs the steps that an adopter's interceptors wrap, as often as they ask for it, each time with a new exchange. Its
 * Observable emits a copy of the response, or undefined for a stream, and cancels the upstream call when it is
 * unsubscribed.
 */
export class CallHandler {
  private latest: Attempt | undefined;

  constructor(
    private readonly outer: RpcExchange,
    private readonly core: readonly Step[],
  ) {}

  /** Starts immediately, in the asynchronous context of the interceptor that calls it. */
  readonly begin = async (): Promise<Observable<unknown>> => {
    const { request, reply, rpc } = this.outer;
    if (rpc.route.method.kind === 'server_stream' && this.latest?.isTaken) throw secondStream();
    const attempt = new Attempt(new RpcExchange(request, reply, rpc), this.core);
    this.latest = attempt;
    // A run that is cancelled before it is subscribed to is never started.
    setImmediate(() => attempt.abandon());
    return new Observable((subscriber) => attempt.tell(subscriber));
  };

  /**
   * Settles with the stream that is being sent, regardless of the result of the interceptors; undefined when there is
   * none.
   */
  get stream(): Promise<unknown> | undefined {
    return this.outer.reply.raw.headersSent ? this.latest?.done : undefined;
  }
}

/** One run of the steps. */
class Attempt {
  readonly done: Promise<unknown>;
  private readonly left = new AbortController();
  private isSubscribed = false;
  private isOver = false;

  constructor(
    private readonly exchange: RpcExchange,
    core: readonly Step[],
  ) {
    exchange.signal = AbortSignal.any([exchange.call.signal, this.left.signal]);
    this.done = this.run(core);
    // Nobody may be waiting for the failure.
    this.done.catch(() => undefined);
  }

  /** Returns whether its stream is in progress or was sent: a second one is not possible. */
  get isTaken(): boolean {
    return !this.isOver || this.exchange.reply.raw.headersSent;
  }

  abandon(): void {
    if (!this.isSubscribed) this.cancel();
  }

  tell(subscriber: Subscriber<unknown>): () => void {
    this.isSubscribed = true;
    this.done.then(
      (value) => {
        subscriber.next(value);
        subscriber.complete();
      },
      (error: unknown) => subscriber.error(error),
    );
    return () => this.cancel();
  }

  private async run(core: readonly Step[]): Promise<unknown> {
    try {
      await runSteps(core, this.exchange);
      const { response } = this.exchange;
      return response && { ...response };
    } finally {
      this.isOver = true;
    }
  }

  /** Cancels the run. Nobody waits for a stream that has begun; it continues to its end. */
  private cancel(): void {
    if (this.isOver || this.exchange.reply.raw.headersSent) return;
    this.left.abort(new GatewayError('CLIENT_CLOSED', 'The interceptors no longer wait for the response.'));
  }
}

function secondStream(): GatewayError {
  return new GatewayError('INTERNAL', 'The gateway failed to handle this request.', {
    cause: new Error('an interceptor asked for a stream a second time while the first was under way or after it'),
  });
}

import type { CancelSignal } from '../domain/cancellation.js';
import type { GatewayError } from '../domain/errors.js';
import type { MessageStream } from './transport.js';

type Result = IteratorResult<Uint8Array>;

/**
 * A server stream that is read on demand, whatever carries it. What came before the end is handed out before the end
 * is, and an error is reported once; after it the stream is simply over.
 */
export abstract class PulledStream implements MessageStream, AsyncIterator<Uint8Array> {
  protected isOver = false;
  protected error: GatewayError | undefined;
  private reader: PromiseWithResolvers<Result> | undefined;

  /** @param request aborted when the request is given up: nobody reads on then. */
  constructor(private readonly request: CancelSignal) {}

  /** Returns the next message that has come, and lets the backend send more. */
  protected abstract take(): Uint8Array | undefined;

  /** Forgets what nobody will read. */
  protected abstract drop(): void;

  /** Ends the call at the backend. Idempotent. */
  protected abstract cancelCall(): void;

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** Resolves to the next message. One reader at a time: a second call before the first has settled is refused. */
  next(): Promise<Result> {
    if (this.reader !== undefined) return Promise.reject(new Error('A message stream has one reader'));
    this.reader = Promise.withResolvers<Result>();
    const { promise } = this.reader;
    this.serve();
    return promise;
  }

  /** Called by `for await` when its loop is left early. */
  return(): Promise<Result> {
    this.cancel();
    return Promise.resolve({ done: true, value: undefined });
  }

  cancel(): void {
    this.drop();
    this.finish(undefined);
    this.cancelCall();
  }

  succeed(): void {
    this.finish(undefined);
  }

  fail(error: GatewayError): void {
    if (this.request.aborted) this.drop();
    this.finish(error);
  }

  /** Gives a waiting reader the next message, or the end after the last one. */
  protected serve(): void {
    const { reader } = this;
    if (reader === undefined) return;
    const value = this.take();
    if (value === undefined && !this.isOver) return;
    this.reader = undefined;
    if (value !== undefined) reader.resolve({ done: false, value });
    else this.settleEnd(reader);
  }

  /** Returns the error that the stream ended with; undefined for a good end. */
  protected endError(): GatewayError | undefined {
    return this.error;
  }

  private finish(error: GatewayError | undefined): void {
    if (this.isOver) return;
    this.isOver = true;
    this.error = error;
    this.serve();
  }

  private settleEnd(reader: PromiseWithResolvers<Result>): void {
    const error = this.endError();
    this.error = undefined;
    if (error === undefined) reader.resolve({ done: true, value: undefined });
    else reader.reject(error);
  }
}

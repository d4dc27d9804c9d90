import type { CancelSignal } from '../domain/cancellation.js';
import { GatewayError } from '../domain/errors.js';
import { abortError, cancelledError, timeoutError, unreadableError } from '../grpc/status.js';
import type { MessageStream } from '../grpc/transport.js';

/** A stream whose first message or end has arrived. Iterate it once; leaving the loop ends the call. */
export interface UpstreamStream extends AsyncIterable<Uint8Array> {
  /** Resolves once, when the stream is over, to its failure. Never rejects. */
  readonly ended: Promise<GatewayError | undefined>;
  /**
   * Ends the call because a message cannot be read. Returns the error, attributed to the upstream when it is its
   * fault.
   */
  attributeFailure(error: unknown): GatewayError;
  /** Ends the call at the backend. Idempotent; required when the stream is not iterated to its end. */
  cancel(): void;
}

/** Limits that the gateway sets for a stream. */
export interface StreamLimits {
  readonly upstream: string;
  /** Maximum pause between two messages, in ms. */
  readonly idleMs: number;
  /** Maximum number of messages; 0 means no limit. */
  readonly maxMessages: number;
  /** Deadline of the whole stream, in `performance.now()` ms. */
  readonly deadlineAt: number;
  readonly signal: CancelSignal;
}

/**
 * Opens a stream within its limits. Rejects when it fails before its first message. The pause between messages is
 * measured only while the gateway waits for one: a slow client is not the backend's fault.
 */
export async function openWithin(limits: StreamLimits, messages: MessageStream): Promise<UpstreamStream> {
  const stream = new LimitedStream(limits, messages);
  await stream.begin();
  return stream;
}

class LimitedStream implements UpstreamStream, AsyncIterator<Uint8Array> {
  readonly ended: Promise<GatewayError | undefined>;
  private readonly settle: (error: GatewayError | undefined) => void;
  private readonly source: AsyncIterator<Uint8Array>;
  private readonly idle: NodeJS.Timeout;
  private readonly total: NodeJS.Timeout;
  private first: IteratorResult<Uint8Array> | undefined;
  private count = 0;
  private waiting = false;
  private finished = false;
  private failure: GatewayError | undefined;

  constructor(
    private readonly limits: StreamLimits,
    private readonly messages: MessageStream,
  ) {
    const { promise, resolve } = Promise.withResolvers<GatewayError | undefined>();
    this.ended = promise;
    this.settle = resolve;
    this.source = messages[Symbol.asyncIterator]();
    const { upstream, idleMs, deadlineAt, signal } = limits;
    this.idle = setTimeout(() => this.onIdle(), idleMs);
    this.total = setTimeout(
      () => this.stop(timeoutError(upstream, 'the stream took too long', true)),
      Math.max(deadlineAt - performance.now(), 0),
    );
    signal.addEventListener('abort', this);
  }

  async begin(): Promise<void> {
    this.first = await this.pull();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<Uint8Array>> {
    const { first } = this;
    this.first = undefined;
    return first === undefined ? this.pull() : Promise.resolve(first);
  }

  return(): Promise<IteratorResult<Uint8Array>> {
    this.cancel();
    return Promise.resolve({ done: true, value: undefined });
  }

  attributeFailure(error: unknown): GatewayError {
    const blamed = unreadableError(this.limits.upstream, error);
    this.messages.cancel();
    this.finish(blamed);
    return blamed;
  }

  cancel(): void {
    this.messages.cancel();
    this.first = undefined;
    this.finish(cancelledError(this.limits.upstream));
  }

  /** Handles the abort of the request. */
  handleEvent(): void {
    this.stop(abortError(this.limits.upstream, this.limits.signal));
  }

  private async pull(): Promise<IteratorResult<Uint8Array>> {
    if (this.finished) return this.over();
    this.waiting = true;
    this.idle.refresh();
    try {
      const result = await this.source.next();
      if (this.finished) return this.over();
      if (result.done === true) this.finish(undefined);
      else this.countMessage();
      return result;
    } catch (error) {
      this.finish(GatewayError.from(error));
      this.failure = undefined;
      throw error;
    } finally {
      this.waiting = false;
    }
  }

  /** Returns how the stream ended; a failure is thrown once. */
  private over(): IteratorResult<Uint8Array> {
    const { failure } = this;
    this.failure = undefined;
    if (failure !== undefined) throw failure;
    return { done: true, value: undefined };
  }

  private countMessage(): void {
    this.count += 1;
    const { maxMessages, upstream } = this.limits;
    if (maxMessages === 0 || this.count <= maxMessages) return;
    this.messages.cancel();
    throw new GatewayError('UPSTREAM_ERROR', `The "${upstream}" service sent more than ${maxMessages} messages.`);
  }

  /** Reads a message that arrived while the gateway itself was blocked, before the stream counts as idle. */
  private onIdle(): void {
    const { count } = this;
    if (this.waiting) setImmediate(() => this.waiting && this.count === count && this.stopIdle());
  }

  private stopIdle(): void {
    const { upstream, idleMs } = this.limits;
    this.stop(timeoutError(upstream, `no message for ${idleMs} ms`, true));
  }

  private stop(error: GatewayError): void {
    if (this.finished) return;
    this.failure = error;
    this.first = undefined;
    this.messages.cancel();
    this.finish(error);
  }

  private finish(error: GatewayError | undefined): void {
    this.finished = true;
    clearTimeout(this.idle);
    clearTimeout(this.total);
    this.limits.signal.removeEventListener('abort', this);
    this.settle(error);
  }
}

import { GatewayError } from '../../domain/errors.js';
import type { UpstreamStream } from '../upstream-stream.js';

/** Maximum number of messages that are read ahead during a check, and of one check. */
const MAX_MESSAGES = 64;
/** Maximum bytes of one check, unless it is a single larger message; reading ahead stops at the same limit. */
const MAX_BYTES = 256 * 1024;

/** Resolves when messages may pass, rejects when they may not. */
type CheckMessages = (messages: readonly Uint8Array[], firstIndex: number) => Promise<void>;

/**
 * A stream whose messages are checked before anyone sees them. One check is in flight at a time. Messages that arrive
 * meanwhile are read ahead, within limits, and form the next check: a slow guardrail makes larger batches, not a
 * queue. The order is that of the source, and a failure of the source is reported after the messages that it sent
 * before.
 */
export class GuardedStream implements UpstreamStream, AsyncIterator<Uint8Array> {
  readonly ended: Promise<GatewayError | undefined>;
  private readonly settle: (error: GatewayError | undefined) => void;
  private readonly messages: AsyncIterator<Uint8Array>;
  /** Messages that are read but not yet checked. */
  private ahead: Uint8Array[] = [];
  private bytesAhead = 0;
  private isReading = false;
  /** How the source ended; undefined while it has not. */
  private end: { readonly failure: GatewayError | undefined } | undefined;
  private onRead: (() => void) | undefined;
  /** Messages that passed their check, and how many of them were consumed. */
  private allowed: readonly Uint8Array[] = [];
  private taken = 0;
  private checked = 0;

  constructor(
    private readonly source: UpstreamStream,
    private readonly check: CheckMessages,
  ) {
    const { promise, resolve } = Promise.withResolvers<GatewayError | undefined>();
    this.ended = promise;
    this.settle = resolve;
    this.messages = source[Symbol.asyncIterator]();
    // A client that does not read must not hold a stream whose time is over.
    void source.ended.then((error) => error?.code === 'UPSTREAM_TIMEOUT' && resolve(error));
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<Uint8Array>> {
    if (this.taken === this.allowed.length) await this.checkAhead();
    const value = this.allowed[this.taken];
    if (value === undefined) return { done: true, value };
    this.taken += 1;
    return { done: false, value };
  }

  return(): Promise<IteratorResult<Uint8Array>> {
    this.cancel();
    return Promise.resolve({ done: true, value: undefined });
  }

  attributeFailure(error: unknown): GatewayError {
    const blamed = this.source.attributeFailure(error);
    this.close(blamed);
    return blamed;
  }

  cancel(): void {
    this.source.cancel();
    void this.source.ended.then((error) => this.close(error));
  }

  /** Checks the messages read so far and makes them the allowed ones; none at the end of the stream. */
  private async checkAhead(): Promise<void> {
    const batch = await this.takeAhead();
    this.allowed = [];
    this.taken = 0;
    if (batch.length === 0) return this.finish();
    try {
      await this.check(batch, this.checked);
    } catch (error) {
      this.source.cancel();
      this.close(GatewayError.from(error));
      throw error;
    }
    this.checked += batch.length;
    this.allowed = batch;
  }

  /**
   * Resolves to the messages read so far, up to the size of one check, as soon as there is one, and continues
   * reading.
   */
  private async takeAhead(): Promise<readonly Uint8Array[]> {
    void this.readAhead();
    while (this.ahead.length === 0 && this.end === undefined) {
      await new Promise<void>((resolve) => (this.onRead = resolve));
    }
    const batch = this.ahead.splice(0, this.countOfBatch());
    this.bytesAhead -= sizeOf(batch);
    void this.readAhead();
    return batch;
  }

  /**
   * Returns how many messages fit into one check: with a large last message, everything read could exceed the limit
   * of a call.
   */
  private countOfBatch(): number {
    let bytes = 0;
    const tooMany = this.ahead.findIndex((message, index) => (bytes += message.length) > MAX_BYTES && index > 0);
    return tooMany === -1 ? this.ahead.length : tooMany;
  }

  /** Reads ahead. Never rejects. */
  private async readAhead(): Promise<void> {
    if (this.isReading) return;
    this.isReading = true;
    while (this.end === undefined && this.ahead.length < MAX_MESSAGES && this.bytesAhead < MAX_BYTES) {
      try {
        const result = await this.messages.next();
        if (result.done === true) this.end ??= { failure: undefined };
        else if (this.end === undefined) this.keep(result.value);
      } catch (error) {
        this.end ??= { failure: GatewayError.from(error) };
      }
      this.onRead?.();
    }
    this.isReading = false;
  }

  private keep(message: Uint8Array): void {
    this.ahead.push(message);
    this.bytesAhead += message.length;
  }

  /** Reports how the source ended; a failure is reported once. */
  private finish(): void {
    const failure = this.end?.failure;
    this.close(failure);
    if (failure !== undefined) throw failure;
  }

  /** Discards the remaining messages. */
  private close(error: GatewayError | undefined): void {
    this.end = { failure: undefined };
    this.ahead = [];
    this.bytesAhead = 0;
    this.allowed = [];
    this.taken = 0;
    this.settle(error);
    this.onRead?.();
  }
}

function sizeOf(messages: readonly Uint8Array[]): number {
  return messages.reduce((sum, { length }) => sum + length, 0);
}

import type { CancelSignal } from '../../domain/cancellation.js';
import type { GatewayError } from '../../domain/errors.js';

/** Limits of the messages that are kept of a stream. */
export interface LogLimits {
  readonly maxMessages: number;
  readonly maxBytes: number;
}

/** A message and its position in its stream, counted from 1. */
export interface LoggedMessage {
  readonly sequence: number;
  readonly json: Buffer;
}

/**
 * The last messages of one stream: those that were sent, for a client that reconnects, and those that were not. Unsent
 * messages are never dropped: when there is no room, the backend waits.
 */
export class MessageLog {
  private readonly messages: Buffer[] = [];
  private first = 1;
  private sent = 0;
  private size = 0;
  private over = false;
  private error: GatewayError | undefined;
  /** Settles when something has changed. */
  private changed = Promise.withResolvers<void>();

  /** @param onSize receives the difference in bytes when messages are kept or dropped. */
  constructor(
    private readonly limits: LogLimits,
    private readonly onSize: (difference: number) => void = () => undefined,
  ) {}

  get bytes(): number {
    return this.size;
  }

  /** Returns the position of the first message that is kept. */
  get oldest(): number {
    return this.first;
  }

  get last(): number {
    return this.first + this.messages.length - 1;
  }

  get isOver(): boolean {
    return this.over;
  }

  /** Returns the error of the stream; undefined while it is open and when it ended successfully. */
  get failure(): GatewayError | undefined {
    return this.error;
  }

  /** Returns whether all messages after a position are kept. */
  reachesBackTo(sequence: number): boolean {
    return sequence >= this.first - 1 && sequence <= this.last;
  }

  /** Resolves once a message is kept, when there is room for it; immediately when the stream is over. */
  async append(json: Buffer): Promise<void> {
    while (!this.over && !this.makeRoom(json.length)) await this.changed.promise;
    if (this.over) return;
    this.messages.push(json);
    this.size += json.length;
    this.onSize(json.length);
    this.tell();
  }

  /**
   * Records that a reader has sent the messages up to a position, so that they may be dropped. A reconnecting client
   * may be further behind.
   */
  markSent(sequence: number): void {
    this.sent = sequence;
    this.tell();
  }

  /** Ends the stream; only the first call has an effect. */
  finish(error: GatewayError | undefined): void {
    if (this.over) return;
    this.over = true;
    this.error = error;
    this.tell();
  }

  /**
   * Resolves to the message after a position; undefined at the end of the stream. Rejects with the reason of the
   * signal.
   */
  async next(sequence: number, signal: CancelSignal): Promise<LoggedMessage | undefined> {
    for (;;) {
      if (signal.aborted) throw signal.reason;
      const json = this.messages[sequence + 1 - this.first];
      if (json !== undefined) return { sequence: sequence + 1, json };
      if (this.over) return undefined;
      await this.wait(signal);
    }
  }

  /** Drops all messages that were sent, regardless of the limits. */
  forgetSent(): void {
    while (this.first <= this.sent && this.messages.length > 0) this.drop();
  }

  private async wait(signal: CancelSignal): Promise<void> {
    const { promise, resolve } = this.changed;
    const wake = () => resolve();
    signal.addEventListener('abort', wake);
    await promise;
    signal.removeEventListener('abort', wake);
  }

  private makeRoom(bytes: number): boolean {
    while (!this.fits(bytes) && this.first <= this.sent) this.drop();
    return this.fits(bytes) || this.messages.length === 0;
  }

  private fits(bytes: number): boolean {
    return this.messages.length < this.limits.maxMessages && this.size + bytes <= this.limits.maxBytes;
  }

  private drop(): void {
    const dropped = this.messages.shift()?.length ?? 0;
    this.size -= dropped;
    this.onSize(-dropped);
    this.first += 1;
  }

  private tell(): void {
    const { resolve } = this.changed;
    this.changed = Promise.withResolvers();
    resolve();
  }
}

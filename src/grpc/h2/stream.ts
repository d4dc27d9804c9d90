import type { CallEnd } from '../grpc-failure.js';
import type { TransportCall } from '../transport.js';

/** Header values by the slots of a connection's field selection, `:status` first; valid only during the call. */
export type HeaderValues = readonly (string | undefined)[];

/** Returns whether a block is informational (1xx), so that others follow (RFC 9110, section 15.2). */
export function isInformational(values: HeaderValues): boolean {
  return values[0]?.startsWith('1') === true;
}

/** A header block of a response. */
export interface ResponseHeaders {
  readonly values: HeaderValues;
  /** Why the block is malformed, whatever its fields say (RFC 9113, sections 8.2 and 8.3). */
  readonly flaw: string | undefined;
  /** The list is longer than was allowed; the values may be incomplete. */
  readonly isTooLarge: boolean;
  readonly endsStream: boolean;
}

/** Whose call a stream carries. Exactly one of the last four, or headers or data that end the stream, comes last. */
export interface StreamListener {
  readonly call: TransportCall;
  /** What the window of the stream grows to. */
  readonly windowBytes: number;
  onHeaders(headers: ResponseHeaders): void;
  /**
   * @param bytes hold the data from `start` to `end`; valid only during the call.
   * @returns how much of it is held: the peer may not send as much again before that is released.
   */
  onData(bytes: Buffer, start: number, end: number): number;
  /** The last data ended the stream, without trailers. */
  onEnd(): void;
  onReset(errorCode: number): void;
  /** The peer broke a rule on this stream, which has been reset. */
  onViolation(end: CallEnd): void;
  /** The peer went away and promised not to have touched this call (GOAWAY). */
  onUnprocessed(end: CallEnd): void;
  /** The connection broke. */
  onLost(end: CallEnd): void;
}

/** One call on a connection. */
export interface Stream {
  readonly id: number;
  readonly listener: StreamListener;
  /** The rest of the request, if it could not be sent immediately. */
  unsent: Uint8Array | undefined;
  sendWindow: number;
  readonly window: ReceiveWindow;
  /** Another one in the same row of the stream table. */
  next: Stream | undefined;
}

/**
 * What a peer may send before it is told to go on (RFC 9113, section 5.2). What arrives is held until it is let go, and
 * takes room in the window meanwhile: a reader that does not read stops its peer.
 */
export class ReceiveWindow {
  private left: number;
  private held = 0;
  /** At so much left, the peer is told of more. */
  private low: number;

  /** @param size that it grows to when it is first widened. */
  constructor(
    initial: number,
    private readonly size: number,
  ) {
    this.left = initial;
    this.low = initial / 2;
  }

  /** Takes bytes in. Returns false when the peer sent more than it may. */
  arrive(bytes: number): boolean {
    this.left -= bytes;
    this.held += bytes;
    return this.left >= 0;
  }

  /** Lets bytes go. Returns by how much to widen the window, 0 for not now. */
  release(bytes: number): number {
    this.held -= bytes;
    const increment = this.size - this.left - this.held;
    if (this.left > this.low || increment < this.low) return 0;
    this.left += increment;
    this.low = this.left / 2;
    return increment;
  }
}

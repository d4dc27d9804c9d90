import type { CallEnd } from '../grpc-failure.js';
import type { TransportCall } from '../transport.js';
import type { ReceiveWindow } from './receive-window.js';

/** Header values by the slots of `RESPONSE_FIELDS`; valid only during the call. */
export type HeaderValues = readonly (string | undefined)[];

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
  /** What is left to send, if it could not be sent at once. */
  unsent: Uint8Array | undefined;
  sendWindow: number;
  readonly window: ReceiveWindow;
  /** Another one in the same row of the stream table. */
  next: Stream | undefined;
}

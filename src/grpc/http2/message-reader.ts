import { status } from '@grpc/grpc-js';
import type { CallEnd } from '../grpc-failure.js';
import { transportEnd } from './call-ends.js';
import { MESSAGE_HEADER } from './frames.js';

/** First buffer of a message that comes in pieces: what a peer merely announces takes no memory. */
const FIRST_BYTES = 65_536;
const TOO_MANY = transportEnd(status.INTERNAL, 'Too many responses received');
const COMPRESSED = transportEnd(status.INTERNAL, 'Received a compressed message, and no compression was offered');

/** Reads the one length-prefixed message of a unary response, however it is cut into frames. */
export class MessageReader {
  private prefixBytes = 0;
  private flags = 0;
  private length = 0;
  private buffer: Buffer | undefined;
  private filled = 0;

  constructor(private readonly maxBytes: number) {}

  /** The message; undefined until it is whole. */
  get message(): Uint8Array | undefined {
    return this.buffer !== undefined && this.filled === this.length ? this.buffer : undefined;
  }

  /** Takes data in, copying it. Returns why the call has failed, if it has. */
  take(bytes: Buffer, start: number, end: number): CallEnd | undefined {
    let at = start;
    while (this.prefixBytes < MESSAGE_HEADER && at < end) this.prefix(bytes[at++] as number);
    if (this.prefixBytes < MESSAGE_HEADER) return undefined;
    const problem = this.problem(end - at);
    if (problem !== undefined) return problem;
    bytes.copy(this.room(end - at), this.filled, at, end);
    this.filled += end - at;
    return undefined;
  }

  private prefix(byte: number): void {
    if (this.prefixBytes === 0) this.flags = byte;
    else this.length = this.length * 256 + byte;
    this.prefixBytes += 1;
  }

  private problem(arrived: number): CallEnd | undefined {
    if (this.flags !== 0) return COMPRESSED;
    if (this.length > this.maxBytes) {
      const details = `Received message larger than max (${this.length} vs ${this.maxBytes})`;
      return transportEnd(status.RESOURCE_EXHAUSTED, details);
    }
    return this.filled + arrived > this.length ? TOO_MANY : undefined;
  }

  /** The buffer, grown so that as much again fits; never larger than the message. */
  private room(arrived: number): Buffer {
    const needed = this.filled + arrived;
    const { buffer } = this;
    if (buffer !== undefined && needed <= buffer.length) return buffer;
    const size = Math.max(needed, FIRST_BYTES, 2 * (buffer?.length ?? 0));
    const larger = Buffer.allocUnsafe(Math.min(size, this.length));
    buffer?.copy(larger, 0, 0, this.filled);
    this.buffer = larger;
    return larger;
  }
}

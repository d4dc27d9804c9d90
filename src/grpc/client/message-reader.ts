import type { CallEnd } from '../grpc-failure.js';
import { GrpcStatus } from '../grpc-code.js';
import { transportEnd } from '../call-ends.js';
import { MESSAGE_HEADER } from '../h2/frames.js';

/** First buffer of a message that comes in pieces: what a peer merely announces takes no memory. */
const FIRST_BYTES = 65_536;
const COMPRESSED = transportEnd(GrpcStatus.INTERNAL, 'Received a compressed message, and no compression was offered');

/** Reads one length-prefixed message, however it is cut into frames. */
export class MessageReader {
  /** Why there will be no message. */
  failure: CallEnd | undefined;
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

  /** A part of the message has come. */
  get hasBegun(): boolean {
    return this.prefixBytes > 0;
  }

  /** Takes data in as far as the message goes, copying it. Returns how far that is. */
  take(bytes: Buffer, start: number, end: number): number {
    let at = start;
    while (this.prefixBytes < MESSAGE_HEADER && at < end) this.prefix(bytes[at++] as number);
    if (this.prefixBytes < MESSAGE_HEADER) return at;
    this.failure = this.problem();
    if (this.failure !== undefined) return at;
    const taken = Math.min(end - at, this.length - this.filled);
    bytes.copy(this.room(taken), this.filled, at, at + taken);
    this.filled += taken;
    return at + taken;
  }

  private prefix(byte: number): void {
    if (this.prefixBytes === 0) this.flags = byte;
    else this.length = this.length * 256 + byte;
    this.prefixBytes += 1;
  }

  private problem(): CallEnd | undefined {
    if (this.flags !== 0) return COMPRESSED;
    if (this.length <= this.maxBytes) return undefined;
    const details = `Received message larger than max (${this.length} vs ${this.maxBytes})`;
    return transportEnd(GrpcStatus.RESOURCE_EXHAUSTED, details);
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

import { ConnectionError, DEFAULT_WINDOW, ErrorCode, Flag, FrameType, MAX_WINDOW, MESSAGE_HEADER } from './frames.js';
import type { PeerSettings } from './peer-settings.js';
import type { Stream } from './stream.js';
import type { FramedSocket } from './framed-socket.js';

/** Why a window that the peer widens is an error (RFC 9113, section 6.9.1). */
export const WINDOW_TOO_WIDE = 'flow-control window exceeds 2^31-1';

/** Sends request messages as far as the windows of the connection and of each stream allow (RFC 9113, section 5.2). */
export class Sender {
  /** When a part of any request was last sent, in `performance.now()` ms. */
  sentAt = 0;
  private window = DEFAULT_WINDOW;
  /** Streams with something left to send, served in turn. At most as many as there are streams. */
  private readonly waiting = new Set<Stream>();

  constructor(
    private readonly socket: Pick<FramedSocket, 'writeBuffer' | 'isCongested'>,
    private readonly peer: PeerSettings,
  ) {}

  /** Sends a stream's one message, immediately when it fits. @param now in `performance.now()` ms. */
  start(stream: Stream, message: Uint8Array, now: number): void {
    const length = MESSAGE_HEADER + message.length;
    const fits = length <= this.window && length <= stream.sendWindow && length <= this.peer.maxFramePayload;
    if (fits && !this.socket.isCongested && this.waiting.size === 0) {
      this.sentAt = now;
      return this.sendWhole(stream, message);
    }
    const prefixed = Buffer.allocUnsafe(length);
    writePrefix(prefixed, 0, message.length);
    prefixed.set(message, MESSAGE_HEADER);
    stream.unsent = prefixed;
    this.waiting.add(stream);
    this.resume();
  }

  /** The stream is over, sent or not. */
  forget(stream: Stream): void {
    if (stream.unsent !== undefined) this.waiting.delete(stream);
  }

  /** Widens the window of the connection. Throws ConnectionError when it becomes too wide. */
  widen(increment: number): void {
    this.window += increment;
    if (this.window > MAX_WINDOW) throw new ConnectionError(ErrorCode.FLOW_CONTROL_ERROR, WINDOW_TOO_WIDE);
    this.resume();
  }

  /** Widens the window of a stream. Returns false when it becomes too wide. */
  widenStream(stream: Stream, increment: number): boolean {
    if (stream.unsent === undefined) return true;
    stream.sendWindow += increment;
    if (stream.sendWindow > MAX_WINDOW) return false;
    this.resume();
    return true;
  }

  /**
   * Changes the windows of open streams, after SETTINGS_INITIAL_WINDOW_SIZE; they may become negative. Sends nothing:
   * the peer counts with the new size only when it is acknowledged.
   */
  shiftWindows(difference: number): void {
    for (const stream of this.waiting) {
      stream.sendWindow += difference;
      if (stream.sendWindow > MAX_WINDOW) throw new ConnectionError(ErrorCode.FLOW_CONTROL_ERROR, WINDOW_TOO_WIDE);
    }
  }

  /** Sends a frame of each waiting stream in turn, until nothing more may be sent. */
  resume(): void {
    let progress = true;
    while (progress && !this.socket.isCongested) {
      progress = false;
      for (const stream of this.waiting) progress = this.sendPart(stream) || progress;
    }
  }

  private sendWhole(stream: Stream, message: Uint8Array): void {
    const length = MESSAGE_HEADER + message.length;
    this.window -= length;
    const { writeBuffer: outbox } = this.socket;
    outbox.header(length, FrameType.DATA, Flag.END_STREAM, stream.id);
    outbox.reserve(MESSAGE_HEADER);
    writePrefix(outbox.slab, outbox.end, message.length);
    outbox.end += MESSAGE_HEADER;
    outbox.push(message);
  }

  private sendPart(stream: Stream): boolean {
    const unsent = stream.unsent ?? new Uint8Array();
    const length = Math.min(unsent.length, this.window, stream.sendWindow, this.peer.maxFramePayload);
    if (length <= 0) return false;
    const isLast = length === unsent.length;
    this.sentAt = performance.now();
    this.window -= length;
    stream.sendWindow -= length;
    this.socket.writeBuffer.header(length, FrameType.DATA, isLast ? Flag.END_STREAM : 0, stream.id);
    this.socket.writeBuffer.push(unsent.subarray(0, length));
    stream.unsent = isLast ? undefined : unsent.subarray(length);
    if (isLast) this.waiting.delete(stream);
    return true;
  }
}

/** Not compressed, and how long. */
function writePrefix(bytes: Buffer, at: number, length: number): void {
  bytes[at] = 0;
  bytes.writeUInt32BE(length, at + 1);
}

import { ConnectionError, ErrorCode, FRAME_HEADER, MAX_FRAME_PAYLOAD } from './frames.js';

/** The frame that is being handled. One object a connection, valid only during the call: keep nothing of it. */
export interface Frame {
  type: number;
  flags: number;
  streamId: number;
  /** Holds the payload from `start` to `end`. */
  bytes: Buffer;
  start: number;
  end: number;
}

/**
 * Cuts the bytes of a socket into frames. Whole frames are handed out where they lie; one that arrives in pieces is put
 * together in a buffer of one frame's size, that all such frames of the connection share.
 */
export class FrameReader {
  private readonly frame: Frame = { type: 0, flags: 0, streamId: 0, bytes: Buffer.alloc(0), start: 0, end: 0 };
  private partial: Buffer | undefined;
  private have = 0;

  constructor(private readonly handle: (frame: Frame) => void) {}

  /** Takes the first `length` bytes of a chunk. Throws ConnectionError for a frame that is larger than allowed. */
  read(chunk: Buffer, length: number): void {
    let at = this.have > 0 ? this.complete(chunk, length) : 0;
    while (length - at >= FRAME_HEADER) {
      const end = at + FRAME_HEADER + payloadLength(chunk, at);
      if (end > length) break;
      this.emit(chunk, at, end);
      at = end;
    }
    if (at < length) this.keep(chunk, at, length);
  }

  /** Fills the frame that was left unfinished; returns how far the chunk is used up. */
  private complete(chunk: Buffer, length: number): number {
    const at = this.have < FRAME_HEADER ? this.fill(chunk, length, { from: 0, upTo: FRAME_HEADER }) : 0;
    if (this.have < FRAME_HEADER) return at;
    const partial = this.buffer();
    const whole = FRAME_HEADER + payloadLength(partial, 0);
    const next = this.fill(chunk, length, { from: at, upTo: whole });
    if (this.have < whole) return next;
    this.have = 0;
    this.emit(partial, 0, whole);
    return next;
  }

  private fill(chunk: Buffer, length: number, { from, upTo }: { from: number; upTo: number }): number {
    const taken = Math.min(upTo - this.have, length - from);
    chunk.copy(this.buffer(), this.have, from, from + taken);
    this.have += taken;
    return from + taken;
  }

  private keep(chunk: Buffer, at: number, length: number): void {
    chunk.copy(this.buffer(), 0, at, length);
    this.have = length - at;
  }

  private buffer(): Buffer {
    return (this.partial ??= Buffer.allocUnsafeSlow(FRAME_HEADER + MAX_FRAME_PAYLOAD));
  }

  private emit(bytes: Buffer, at: number, end: number): void {
    const { frame } = this;
    frame.type = bytes[at + 3] as number;
    frame.flags = bytes[at + 4] as number;
    frame.streamId = bytes.readUInt32BE(at + 5) & 0x7fffffff;
    frame.bytes = bytes;
    frame.start = at + FRAME_HEADER;
    frame.end = end;
    this.handle(frame);
  }
}

function payloadLength(bytes: Buffer, at: number): number {
  const length = ((bytes[at] as number) << 16) | ((bytes[at + 1] as number) << 8) | (bytes[at + 2] as number);
  if (length > MAX_FRAME_PAYLOAD)
    throw new ConnectionError(ErrorCode.FRAME_SIZE_ERROR, `frame of ${length} bytes exceeds MAX_FRAME_SIZE`);
  return length;
}

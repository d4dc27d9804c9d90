import { ConnectionError, ErrorCode, Flag, FrameType } from './frames.js';
import type { Frame } from './frame-reader.js';

/** Beyond it the connection ends: the tables cannot be kept without reading a block, and this one is an attack. */
const MAX_BLOCK_BYTES = 262_144;
const MAX_BLOCK_FRAMES = 64;

/** A whole header block: its bytes from `start` to `end`. */
export interface HeaderBlock {
  streamId: number;
  endsStream: boolean;
  bytes: Buffer;
  start: number;
  end: number;
}

/** Puts the header blocks of a connection together from HEADERS and CONTINUATION frames. */
export class HeaderBlocks {
  private readonly block: HeaderBlock = {
    streamId: 0,
    endsStream: false,
    bytes: Buffer.alloc(0),
    start: 0,
    end: 0,
  };
  private parts: Buffer[] = [];
  private length = 0;

  /** Between the frames of a block nothing else may come. */
  get isOpen(): boolean {
    return this.parts.length > 0;
  }

  /** Takes a frame; returns the block that it completes, valid until the next frame. */
  take(frame: Frame): HeaderBlock | undefined {
    const isContinuation = frame.type === FrameType.CONTINUATION;
    if (isContinuation !== this.isOpen || (isContinuation && frame.streamId !== this.block.streamId)) {
      const details = isContinuation ? 'CONTINUATION without its HEADERS' : 'interleaved frame within a header block';
      throw new ConnectionError(ErrorCode.PROTOCOL_ERROR, details);
    }
    if (!isContinuation) this.open(frame);
    const endsBlock = (frame.flags & Flag.END_HEADERS) !== 0;
    if (endsBlock && !isContinuation) return this.block;
    return this.join(isContinuation ? frame : this.block, frame.bytes, endsBlock);
  }

  private open(frame: Frame): void {
    const { block } = this;
    block.streamId = frame.streamId;
    block.endsStream = (frame.flags & Flag.END_STREAM) !== 0;
    block.bytes = frame.bytes;
    block.start = frame.start;
    block.end = frame.end - padding(frame);
    if (frame.flags & Flag.PADDED) block.start += 1;
    if (frame.flags & Flag.PRIORITY) block.start += 5;
    if (block.start > block.end)
      throw new ConnectionError(ErrorCode.PROTOCOL_ERROR, 'padding exceeds the payload of HEADERS');
  }

  private join(
    { start, end }: { start: number; end: number },
    bytes: Buffer,
    isLast: boolean,
  ): HeaderBlock | undefined {
    this.length += end - start;
    this.parts.push(Buffer.from(bytes.subarray(start, end)));
    if (this.length > MAX_BLOCK_BYTES || this.parts.length > MAX_BLOCK_FRAMES) {
      throw new ConnectionError(ErrorCode.ENHANCE_YOUR_CALM, 'header block exceeds its limit of bytes or frames');
    }
    if (!isLast) return undefined;
    const { block } = this;
    block.bytes = Buffer.concat(this.parts);
    block.start = 0;
    block.end = block.bytes.length;
    this.parts = [];
    this.length = 0;
    return block;
  }
}

/** Bytes of padding at the end of a frame. Throws ConnectionError when it is longer than the frame. */
export function padding({ flags, bytes, start, end }: Frame): number {
  if ((flags & Flag.PADDED) === 0) return 0;
  const length = start < end ? (bytes[start] as number) : end;
  if (length >= end - start) throw new ConnectionError(ErrorCode.PROTOCOL_ERROR, 'padding exceeds the payload');
  return length;
}

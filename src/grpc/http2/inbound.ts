import { ConnectionError, ErrorCode, Flag, FrameType } from './frames.js';
import { type Frame, FrameReader } from './frame-reader.js';
import { type HeaderBlock, HeaderBlocks, padding } from './header-blocks.js';

/** What a connection is told of the frames that arrive, once each is known to be sound. */
export interface InboundHandler {
  onSettings(bytes: Buffer, start: number, end: number): void;
  onPing(data: Buffer): void;
  onGoAway(lastStreamId: number, errorCode: number, debug: string): void;
  onWindow(streamId: number, increment: number): void;
  onHeaders(block: HeaderBlock): void;
  /** @param windowBytes what the frame takes of the windows: padding counts. */
  onData(frame: Frame, windowBytes: number): void;
  onReset(streamId: number, errorCode: number): void;
}

const MAX_DEBUG = 256;

/** Reads what the server's side of a connection sends, in the order that RFC 9113 allows. Throws ConnectionError. */
export class Inbound {
  private readonly reader = new FrameReader((frame) => this.frame(frame));
  private readonly blocks = new HeaderBlocks();
  private hasSettings = false;

  constructor(private readonly handler: InboundHandler) {}

  read(chunk: Buffer, length: number): void {
    this.reader.read(chunk, length);
  }

  private frame(frame: Frame): void {
    if (!this.hasSettings && frame.type !== FrameType.SETTINGS) throw violation('no SETTINGS came first');
    if (this.blocks.isOpen && frame.type !== FrameType.CONTINUATION) throw violation('a header block that is torn');
    switch (frame.type) {
      case FrameType.HEADERS:
      case FrameType.CONTINUATION:
        return this.headers(frame);
      case FrameType.DATA:
        return this.data(frame);
      case FrameType.RST_STREAM:
        expectPayload(frame, 4, 'stream');
        return this.handler.onReset(frame.streamId, frame.bytes.readUInt32BE(frame.start));
      case FrameType.WINDOW_UPDATE:
        return this.window(frame);
      case FrameType.SETTINGS:
        return this.settings(frame);
      case FrameType.PING:
        return this.ping(frame);
      case FrameType.GOAWAY:
        return this.goAway(frame);
      case FrameType.PUSH_PROMISE:
        throw violation('a push, which was switched off');
      default: // PRIORITY, and what may be invented yet
    }
  }

  private headers(frame: Frame): void {
    if (frame.streamId === 0) throw violation('headers without a stream');
    const block = this.blocks.take(frame);
    if (block !== undefined) this.handler.onHeaders(block);
  }

  private data(frame: Frame): void {
    if (frame.streamId === 0) throw violation('data without a stream');
    const windowBytes = frame.end - frame.start;
    const padded = padding(frame);
    if (frame.flags & Flag.PADDED) frame.start += 1;
    frame.end -= padded;
    this.handler.onData(frame, windowBytes);
  }

  private window(frame: Frame): void {
    expectPayload(frame, 4, 'any');
    const increment = frame.bytes.readUInt32BE(frame.start) & 0x7fffffff;
    if (increment === 0) throw violation('a window that does not grow');
    this.handler.onWindow(frame.streamId, increment);
  }

  private settings(frame: Frame): void {
    if (frame.streamId !== 0) throw violation('SETTINGS of a stream');
    if (frame.flags & Flag.ACK) {
      expectPayload(frame, 0, 'connection');
      if (!this.hasSettings) throw violation('no SETTINGS came first');
      return;
    }
    this.hasSettings = true;
    this.handler.onSettings(frame.bytes, frame.start, frame.end);
  }

  private ping(frame: Frame): void {
    expectPayload(frame, 8, 'connection');
    if ((frame.flags & Flag.ACK) === 0) this.handler.onPing(frame.bytes.subarray(frame.start, frame.end));
  }

  private goAway({ streamId, bytes, start, end }: Frame): void {
    if (streamId !== 0) throw violation('GOAWAY of a stream');
    if (end - start < 8) throw new ConnectionError(ErrorCode.FRAME_SIZE_ERROR, 'a GOAWAY that is cut off');
    const debug = bytes.toString('latin1', start + 8, Math.min(end, start + 8 + MAX_DEBUG));
    this.handler.onGoAway(bytes.readUInt32BE(start) & 0x7fffffff, bytes.readUInt32BE(start + 4), debug);
  }
}

function expectPayload({ streamId, start, end }: Frame, length: number, of: 'stream' | 'connection' | 'any'): void {
  if (end - start !== length) {
    throw new ConnectionError(ErrorCode.FRAME_SIZE_ERROR, `a payload of ${end - start} bytes in place of ${length}`);
  }
  if (of !== 'any' && (streamId === 0) !== (of === 'connection')) throw violation(`a frame of stream ${streamId}`);
}

function violation(message: string): ConnectionError {
  return new ConnectionError(ErrorCode.PROTOCOL_ERROR, message);
}

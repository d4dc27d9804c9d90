import { type FrameBudget, FrameCost } from './frame-budget.js';
import { ConnectionError, ErrorCode, Flag, FrameType } from './frames.js';
import { type Frame, FrameReader } from './frame-reader.js';
import { type HeaderBlock, HeaderBlocks, padding } from './header-blocks.js';

/** What is told of the frames that are about the connection, once each is known to be sound. */
export interface ConnectionFrameHandler {
  onSettings(bytes: Buffer, start: number, end: number): void;
  onPing(data: Buffer): void;
  onGoAway(lastStreamId: number, errorCode: number, debug: string): void;
}

/** What is told of the frames that are about its streams. */
export interface StreamFrameHandler {
  /** @param streamId 0 is the connection. */
  onWindow(streamId: number, increment: number): void;
  onHeaders(block: HeaderBlock): void;
  /** @param windowBytes what the frame takes of the windows: padding counts. */
  onData(frame: Frame, windowBytes: number): void;
  onReset(streamId: number, errorCode: number): void;
  /** The peer broke a rule that is about one stream alone (RFC 9113, section 5.4.2). */
  onStreamError(streamId: number, errorCode: number, details: string): void;
}

const MAX_DEBUG = 256;

/** Reads what the server's side of a connection sends, in the order that RFC 9113 allows. Throws ConnectionError. */
export class Inbound {
  private readonly reader = new FrameReader((frame) => this.frame(frame));
  private readonly blocks = new HeaderBlocks();
  private hasSettings = false;

  constructor(
    private readonly connection: ConnectionFrameHandler,
    private readonly streams: StreamFrameHandler,
    private readonly budget: FrameBudget,
  ) {}

  read(chunk: Buffer, length: number): void {
    this.reader.read(chunk, length);
  }

  private frame(frame: Frame): void {
    if (!this.hasSettings && frame.type !== FrameType.SETTINGS) throw violation('first frame is not SETTINGS');
    if (this.blocks.isOpen && frame.type !== FrameType.CONTINUATION) {
      throw violation('interleaved frame within a header block');
    }
    switch (frame.type) {
      case FrameType.HEADERS:
        return this.headers(frame);
      case FrameType.DATA:
        return this.data(frame);
      case FrameType.GOAWAY:
        this.budget.spend(FrameCost.GOAWAY);
        return this.goAway(frame);
      case FrameType.SETTINGS:
        this.budget.spend(FrameCost.SETTINGS);
        return this.settings(frame);
      default:
        this.budget.spend(FrameCost.PLAIN);
        return this.plain(frame);
    }
  }

  /** Handles the frames that cost little. */
  private plain(frame: Frame): void {
    switch (frame.type) {
      case FrameType.CONTINUATION:
        return this.headers(frame);
      case FrameType.RST_STREAM:
        expectPayload(frame, 4);
        if (frame.streamId === 0) throw violation('RST_STREAM on stream 0');
        return this.streams.onReset(frame.streamId, frame.bytes.readUInt32BE(frame.start));
      case FrameType.WINDOW_UPDATE:
        return this.window(frame);
      case FrameType.PING:
        return this.ping(frame);
      case FrameType.PRIORITY:
        return this.priority(frame);
      case FrameType.PUSH_PROMISE:
        throw violation('PUSH_PROMISE received although ENABLE_PUSH is 0');
      default: // Unknown types are ignored (RFC 9113, section 4.1).
    }
  }

  private headers(frame: Frame): void {
    if (frame.streamId === 0) throw violation('HEADERS on stream 0');
    const block = this.blocks.take(frame);
    if (block !== undefined) this.streams.onHeaders(block);
  }

  private data(frame: Frame): void {
    if (frame.streamId === 0) throw violation('DATA on stream 0');
    const windowBytes = frame.end - frame.start;
    const padded = padding(frame);
    if (frame.flags & Flag.PADDED) frame.start += 1;
    frame.end -= padded;
    this.streams.onData(frame, windowBytes);
  }

  private window(frame: Frame): void {
    expectPayload(frame, 4);
    const increment = frame.bytes.readUInt32BE(frame.start) & 0x7fffffff;
    if (increment > 0) return this.streams.onWindow(frame.streamId, increment);
    if (frame.streamId === 0) throw violation('WINDOW_UPDATE increment is 0');
    this.streams.onStreamError(frame.streamId, ErrorCode.PROTOCOL_ERROR, 'WINDOW_UPDATE increment is 0');
  }

  /** Priorities themselves are obsolete (RFC 9113, section 5.3.2). */
  private priority({ streamId, start, end }: Frame): void {
    if (streamId === 0) throw violation('PRIORITY on stream 0');
    if (end - start === 5) return;
    this.streams.onStreamError(streamId, ErrorCode.FRAME_SIZE_ERROR, 'PRIORITY payload is not 5 bytes');
  }

  private settings(frame: Frame): void {
    if (frame.streamId !== 0) throw violation('SETTINGS on a stream other than 0');
    if (frame.flags & Flag.ACK) {
      expectPayload(frame, 0);
      if (!this.hasSettings) throw violation('first frame is not SETTINGS');
      return;
    }
    this.hasSettings = true;
    this.connection.onSettings(frame.bytes, frame.start, frame.end);
  }

  private ping(frame: Frame): void {
    expectPayload(frame, 8);
    if (frame.streamId !== 0) throw violation('PING on a stream other than 0');
    if ((frame.flags & Flag.ACK) === 0) this.connection.onPing(frame.bytes.subarray(frame.start, frame.end));
  }

  private goAway({ streamId, bytes, start, end }: Frame): void {
    if (streamId !== 0) throw violation('GOAWAY on a stream other than 0');
    if (end - start < 8)
      throw new ConnectionError(ErrorCode.FRAME_SIZE_ERROR, 'GOAWAY payload is shorter than 8 bytes');
    const debug = bytes.toString('latin1', start + 8, Math.min(end, start + 8 + MAX_DEBUG));
    this.connection.onGoAway(bytes.readUInt32BE(start) & 0x7fffffff, bytes.readUInt32BE(start + 4), debug);
  }
}

function expectPayload({ type, start, end }: Frame, length: number): void {
  if (end - start === length) return;
  const details = `payload of frame type ${type} is ${end - start} bytes, not ${length}`;
  throw new ConnectionError(ErrorCode.FRAME_SIZE_ERROR, details);
}

function violation(message: string): ConnectionError {
  return new ConnectionError(ErrorCode.PROTOCOL_ERROR, message);
}

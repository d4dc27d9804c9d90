import {
  ConnectionError,
  DEFAULT_WINDOW,
  ErrorCode,
  frame,
  FrameType,
  PREFACE,
  Setting,
  settingsFrame,
  uint32,
} from './frames.js';

/** A header list beyond it fails its call (RFC 9113, section 6.5.2). */
export const MAX_HEADER_LIST = 65_536;
/** What a stream may be ahead of its reader; as wide as any window is before it is told otherwise. */
export const STREAM_WINDOW = DEFAULT_WINDOW;
/** What a unary response may be ahead, once it has turned out to be a large one. */
export const WIDE_STREAM_WINDOW = 1_048_576;
/** What all responses of a connection together may be ahead. */
export const CONNECTION_WINDOW = 16_777_216;

/** The first words on a connection: no pushes, and a wide window for all streams together. */
export const GREETING = Buffer.concat([
  PREFACE,
  settingsFrame([
    [Setting.ENABLE_PUSH, 0],
    [Setting.MAX_HEADER_LIST_SIZE, MAX_HEADER_LIST],
  ]),
  frame(FrameType.WINDOW_UPDATE, 0, 0, uint32(CONNECTION_WINDOW - DEFAULT_WINDOW)),
]);

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

  /** Throws ConnectionError when the peer sent more than it may. */
  arrive(bytes: number): void {
    this.left -= bytes;
    this.held += bytes;
    if (this.left < 0) throw new ConnectionError(ErrorCode.FLOW_CONTROL_ERROR, 'more data than the window allows');
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

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
/** What one response may be ahead of its reader, and all of a connection together. Messages have a limit of their own. */
export const STREAM_WINDOW = 1_048_576;
export const CONNECTION_WINDOW = 16_777_216;

/** The first words on a connection: no pushes, wide windows. */
export const GREETING = Buffer.concat([
  PREFACE,
  settingsFrame([
    [Setting.ENABLE_PUSH, 0],
    [Setting.INITIAL_WINDOW_SIZE, STREAM_WINDOW],
    [Setting.MAX_HEADER_LIST_SIZE, MAX_HEADER_LIST],
  ]),
  frame(FrameType.WINDOW_UPDATE, 0, 0, uint32(CONNECTION_WINDOW - DEFAULT_WINDOW)),
]);

/** Counts what arrives against a window, and widens it again when half is used. */
export class ReceiveWindow {
  private left: number;

  constructor(private readonly size: number) {
    this.left = size;
  }

  /** Returns by how much to widen the window, 0 for not now. Throws ConnectionError when the peer sent more than it may. */
  take(bytes: number): number {
    this.left -= bytes;
    if (this.left < 0) throw new ConnectionError(ErrorCode.FLOW_CONTROL_ERROR, 'more data than the window allows');
    if (this.left > this.size / 2) return 0;
    const used = this.size - this.left;
    this.left = this.size;
    return used;
  }
}

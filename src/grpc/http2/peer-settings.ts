import { ConnectionError, DEFAULT_WINDOW, ErrorCode, MAX_FRAME_PAYLOAD, MAX_WINDOW, Setting } from './frames.js';

const LARGEST_FRAME_SETTING = 0xffffff;
/** The most calls on one connection, whatever the peer allows. */
const MAX_STREAMS = 10_000;

/** What the peer said of itself in SETTINGS, or the defaults (RFC 9113, section 6.5.2). */
export class PeerSettings {
  headerTableBytes = 4_096;
  maxConcurrentStreams = MAX_STREAMS;
  initialWindow = DEFAULT_WINDOW;
  maxFramePayload = MAX_FRAME_PAYLOAD;

  /** Takes over a SETTINGS payload. Throws ConnectionError for values that are not allowed. */
  apply(bytes: Buffer, start: number, end: number): void {
    if ((end - start) % 6 !== 0) throw new ConnectionError(ErrorCode.FRAME_SIZE_ERROR, 'SETTINGS that are cut off');
    for (let at = start; at < end; at += 6) this.set(bytes.readUInt16BE(at), bytes.readUInt32BE(at + 2));
  }

  private set(id: number, value: number): void {
    switch (id) {
      case Setting.HEADER_TABLE_SIZE:
        this.headerTableBytes = value;
        return;
      case Setting.MAX_CONCURRENT_STREAMS:
        this.maxConcurrentStreams = Math.min(value, MAX_STREAMS);
        return;
      case Setting.INITIAL_WINDOW_SIZE:
        if (value > MAX_WINDOW) throw new ConnectionError(ErrorCode.FLOW_CONTROL_ERROR, `a window of ${value} bytes`);
        this.initialWindow = value;
        return;
      case Setting.MAX_FRAME_SIZE:
        if (value < MAX_FRAME_PAYLOAD || value > LARGEST_FRAME_SETTING) {
          throw new ConnectionError(ErrorCode.PROTOCOL_ERROR, `frames of ${value} bytes`);
        }
        this.maxFramePayload = value;
        return;
      default:
    }
  }
}

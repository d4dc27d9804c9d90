import { ConnectionError, DEFAULT_WINDOW, ErrorCode, MAX_FRAME_PAYLOAD, MAX_WINDOW, Setting } from './frames.js';

const LARGEST_FRAME_SETTING = 0xffffff;
/** The most calls on one connection, whatever the peer allows. */
const MAX_STREAMS = 10_000;

/** Settings that change what already exists. */
export interface SettingsEvents {
  onHeaderTableSize(bytes: number): void;
  /** @param difference by which the windows of open streams change. */
  onInitialWindow(difference: number): void;
}

/** What the peer said of itself in SETTINGS, or the defaults (RFC 9113, section 6.5.2). */
export class PeerSettings {
  maxConcurrentStreams = MAX_STREAMS;
  initialWindow = DEFAULT_WINDOW;
  maxFramePayload = MAX_FRAME_PAYLOAD;
  maxHeaderListBytes = Infinity;

  constructor(private readonly events: SettingsEvents) {}

  /**
   * Applies the values of a SETTINGS payload one after the other: the same setting may be there twice, and each value
   * counts (RFC 9113, section 6.5.3). Throws ConnectionError for values that are not allowed.
   */
  apply(bytes: Buffer, start: number, end: number): void {
    if ((end - start) % 6 !== 0) {
      throw new ConnectionError(ErrorCode.FRAME_SIZE_ERROR, 'SETTINGS payload is not a multiple of 6 bytes');
    }
    for (let at = start; at < end; at += 6) this.set(bytes.readUInt16BE(at), bytes.readUInt32BE(at + 2));
  }

  private set(id: number, value: number): void {
    switch (id) {
      case Setting.HEADER_TABLE_SIZE:
        return this.events.onHeaderTableSize(value);
      case Setting.ENABLE_PUSH:
        if (value !== 0) throw invalid(`ENABLE_PUSH of a server is ${value}`);
        return;
      case Setting.MAX_CONCURRENT_STREAMS:
        this.maxConcurrentStreams = Math.min(value, MAX_STREAMS);
        return;
      case Setting.INITIAL_WINDOW_SIZE:
        return this.setInitialWindow(value);
      case Setting.MAX_FRAME_SIZE:
        if (value < MAX_FRAME_PAYLOAD || value > LARGEST_FRAME_SETTING) throw invalid(`MAX_FRAME_SIZE is ${value}`);
        this.maxFramePayload = value;
        return;
      case Setting.MAX_HEADER_LIST_SIZE:
        this.maxHeaderListBytes = value;
        return;
      default:
    }
  }

  private setInitialWindow(value: number): void {
    if (value > MAX_WINDOW) {
      throw new ConnectionError(ErrorCode.FLOW_CONTROL_ERROR, `SETTINGS: INITIAL_WINDOW_SIZE is ${value}`);
    }
    const difference = value - this.initialWindow;
    this.initialWindow = value;
    this.events.onInitialWindow(difference);
  }
}

function invalid(reason: string): ConnectionError {
  return new ConnectionError(ErrorCode.PROTOCOL_ERROR, `SETTINGS: ${reason}`);
}

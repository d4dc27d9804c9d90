import { DEFAULT_WINDOW, frame, FrameType, PREFACE, Setting, settingsFrame, uint32 } from './frames.js';

/** A header list beyond it fails its call (RFC 9113, section 6.5.2). */
export const MAX_HEADER_LIST = 65_536;
/** What a stream may be ahead of its reader; as wide as any window is before it is told otherwise. */
export const STREAM_WINDOW = DEFAULT_WINDOW;
/** What a unary response may be ahead, once it has turned out to be a large one. */
export const WIDE_STREAM_WINDOW = 1_048_576;
/** What all responses of a connection together may be ahead. */
export const CONNECTION_WINDOW = 16_777_216;

/** The first words on a connection: no pushes, and a wide window for all streams together. */
export const CLIENT_PREFACE = Buffer.concat([
  PREFACE,
  settingsFrame([
    [Setting.ENABLE_PUSH, 0],
    [Setting.MAX_HEADER_LIST_SIZE, MAX_HEADER_LIST],
  ]),
  frame(FrameType.WINDOW_UPDATE, 0, 0, uint32(CONNECTION_WINDOW - DEFAULT_WINDOW)),
]);

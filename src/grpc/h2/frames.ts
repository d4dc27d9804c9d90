/** HTTP/2 frame types (RFC 9113, section 6). */
export const FrameType = {
  DATA: 0,
  HEADERS: 1,
  PRIORITY: 2,
  RST_STREAM: 3,
  SETTINGS: 4,
  PUSH_PROMISE: 5,
  PING: 6,
  GOAWAY: 7,
  WINDOW_UPDATE: 8,
  CONTINUATION: 9,
} as const;

/** Flags of those frames. */
export const Flag = { END_STREAM: 1, ACK: 1, END_HEADERS: 4, PADDED: 8, PRIORITY: 32 } as const;

/** Error codes of RST_STREAM and GOAWAY (RFC 9113, section 7). */
export const ErrorCode = {
  NO_ERROR: 0,
  PROTOCOL_ERROR: 1,
  INTERNAL_ERROR: 2,
  FLOW_CONTROL_ERROR: 3,
  FRAME_SIZE_ERROR: 6,
  REFUSED_STREAM: 7,
  CANCEL: 8,
  COMPRESSION_ERROR: 9,
  ENHANCE_YOUR_CALM: 11,
  INADEQUATE_SECURITY: 12,
} as const;

/** Identifiers of settings (RFC 9113, section 6.5.2). */
export const Setting = {
  HEADER_TABLE_SIZE: 1,
  ENABLE_PUSH: 2,
  MAX_CONCURRENT_STREAMS: 3,
  INITIAL_WINDOW_SIZE: 4,
  MAX_FRAME_SIZE: 5,
  MAX_HEADER_LIST_SIZE: 6,
} as const;

/** What a client sends first. */
export const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
/** Bytes before each frame's payload. */
export const FRAME_HEADER = 9;
/** Largest payload that a peer must accept without a setting, and the largest taken here. */
export const MAX_FRAME_PAYLOAD = 16_384;
/** Flow-control window before any setting or WINDOW_UPDATE, of a stream and of a connection. */
export const DEFAULT_WINDOW = 65_535;
/** The largest window; a WINDOW_UPDATE beyond it is an error. */
export const MAX_WINDOW = 0x7fffffff;
/** Bytes before each gRPC message: a compression flag and a length. */
export const MESSAGE_HEADER = 5;

/** A violation by the peer that ends the whole connection; `code` goes into our GOAWAY. */
export class ConnectionError extends Error {
  constructor(
    readonly code: number,
    message: string,
  ) {
    super(message);
  }
}

/** One HTTP/2 frame. */
export function frame(type: number, flags: number, streamId: number, payload: Uint8Array): Buffer {
  const bytes = Buffer.allocUnsafe(FRAME_HEADER + payload.length);
  bytes.writeUIntBE(payload.length, 0, 3);
  bytes[3] = type;
  bytes[4] = flags;
  bytes.writeUInt32BE(streamId, 5);
  bytes.set(payload, FRAME_HEADER);
  return bytes;
}

/** A SETTINGS frame of pairs of identifier and value. */
export function settingsFrame(settings: readonly (readonly [id: number, value: number])[]): Buffer {
  const payload = Buffer.allocUnsafe(settings.length * 6);
  settings.forEach(([id, value], n) => {
    payload.writeUInt16BE(id, n * 6);
    payload.writeUInt32BE(value, n * 6 + 2);
  });
  return frame(FrameType.SETTINGS, 0, 0, payload);
}

/** A big-endian 32-bit number: the payload of RST_STREAM and WINDOW_UPDATE. */
export function uint32(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

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

/** HTTP/2 frame types that the upstream reads or writes (RFC 9113, section 6). */
export const FrameType = {
  DATA: 0,
  HEADERS: 1,
  RST_STREAM: 3,
  SETTINGS: 4,
  PING: 6,
  GOAWAY: 7,
  WINDOW_UPDATE: 8,
  CONTINUATION: 9,
} as const;
/** Flags of those frames. */
export const Flag = { END_STREAM: 1, ACK: 1, END_HEADERS: 4, PADDED: 8, PRIORITY: 32 } as const;
/** Bytes before each frame's payload. */
export const FRAME_HEADER = 9;
/** Bytes before each gRPC message: a compression flag and a length. */
export const MESSAGE_HEADER = 5;
/** Largest payload that a peer must accept without a setting. */
export const MAX_FRAME_PAYLOAD = 16_384;

/** One HTTP/2 frame. */
export function frame(type: number, flags: number, streamId: number, payload: Uint8Array): Buffer {
  const bytes = Buffer.alloc(FRAME_HEADER + payload.length);
  bytes.writeUIntBE(payload.length, 0, 3);
  bytes[3] = type;
  bytes[4] = flags;
  bytes.writeUInt32BE(streamId, 5);
  bytes.set(payload, FRAME_HEADER);
  return bytes;
}

function literal(name: string, value: string): Buffer {
  return Buffer.concat([
    Buffer.from([0, name.length]),
    Buffer.from(name),
    Buffer.from([value.length]),
    Buffer.from(value),
  ]);
}

const STATUS_200 = Buffer.from([0x88]);
const CONTENT_TYPE = literal('content-type', 'application/grpc');

/** Header block of every reply; it uses no dynamic table, so it holds on any connection. */
export const RESPONSE_HEADERS = Buffer.concat([STATUS_200, CONTENT_TYPE]);
/** Trailers of a call that went well. */
export const OK_TRAILERS = literal('grpc-status', '0');
/** The whole reply to a method that the upstream does not have: trailers only, status UNIMPLEMENTED. */
export const UNIMPLEMENTED = Buffer.concat([STATUS_200, CONTENT_TYPE, literal('grpc-status', '12')]);

/** A gRPC message with its length prefix. */
export function grpcMessage(bytes: Uint8Array): Buffer {
  const message = Buffer.alloc(MESSAGE_HEADER + bytes.length);
  message.writeUInt32BE(bytes.length, 1);
  message.set(bytes, MESSAGE_HEADER);
  return message;
}

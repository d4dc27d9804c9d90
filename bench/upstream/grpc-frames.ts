import { MESSAGE_HEADER } from '../../src/grpc/h2/frames.js';

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
/** Trailers of a successful call. */
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

import { type ChannelInterface, connectivityState, type InterceptingListener, Metadata, status } from '@grpc/grpc-js';
import { GatewayError } from '../../src/domain/errors.js';
import { IDENTITY_KEYS, REQUEST_KEYS } from '../../src/grpc/metadata.js';
import { callError } from '../../src/grpc/status.js';
import type { CallMetadata, TransportCall } from '../../src/grpc/transport.js';

/** The channel of a raw grpc-js client. */
export type GrpcChannel = ChannelInterface;

/** grpc-js exports no name for the call that a channel creates. */
export type GrpcCall = ReturnType<GrpcChannel['createCall']>;

/**
 * Starts a call with one message on the channel itself. grpc-js' own `makeUnaryRequest` sits on the same interface,
 * but it captures a stack and five closures for each call, never reads past the first message (two of them hang until
 * the deadline) and keeps the response headers to itself, which tell a backend's status from a proxy's.
 * Throws when the channel is closed, or a deadline is missing: without one a call may hang for ever (fact F10).
 */
export function startCall(channel: GrpcChannel, call: TransportCall, listener: InterceptingListener): GrpcCall {
  if (!Number.isFinite(call.deadlineAt)) throw new TypeError(`A call of ${call.method.path} has no deadline`);
  // grpc-js reads the wall clock; ours is monotonic.
  const deadline = Date.now() + (call.deadlineAt - performance.now());
  const metadata = wireMetadata(call.metadata);
  const grpcCall = channel.createCall(call.method.path, deadline, undefined, null, undefined);
  grpcCall.start(metadata, listener);
  grpcCall.startRead();
  grpcCall.sendMessageWithContext({}, asBuffer(call.request));
  grpcCall.halfClose();
  return grpcCall;
}

/** The error of a call that could not be started: the channel is closed at shutdown, anything else is a bug. */
export function startError(channel: GrpcChannel, call: TransportCall, error: unknown): GatewayError {
  if (channel.getConnectivityState(false) !== connectivityState.SHUTDOWN) return GatewayError.from(error);
  const details = 'Channel closed before call started';
  return callError(call, { code: status.UNAVAILABLE, details, metadata: undefined, grpcHeaders: false });
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** The allowed entries alone, each once: grpc-js hands metadata to HTTP/2 as it is (fact F1). */
function wireMetadata(metadata: CallMetadata): Metadata {
  const wire = new Metadata();
  for (const key of [...IDENTITY_KEYS, ...REQUEST_KEYS]) {
    const value = metadata[key];
    if (value !== undefined) wire.set(key, value);
  }
  return wire;
}

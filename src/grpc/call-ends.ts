import { GrpcStatus } from './grpc-code.js';
import type { CallEnd, FailureOrigin } from './grpc-failure.js';
import { ErrorCode } from './h2/frames.js';

/** The text of a peer that asks to be left alone, as grpc-js has it: the classification knows it. */
const CALM = 'Bandwidth exhausted or memory limit exceeded';

/** An end that came without a response, or that the response's own words did not make. */
function end(origin: FailureOrigin, code: number | undefined, details: string): CallEnd {
  return { origin, code, details, metadata: undefined, grpcHeaders: false };
}

/** The road to the backend, or what came along it, made the call fail. */
export function transportEnd(code: number | undefined, details: string): CallEnd {
  return end('transport', code, details);
}

/** This process made the call fail. */
export function localEnd(code: number, details: string): CallEnd {
  return end('local', code, details);
}

/** No connection could be made; `reason` is the last thing that was said about it. */
export function noConnection(reason: string): CallEnd {
  return transportEnd(GrpcStatus.UNAVAILABLE, `No connection established. Last error: ${reason}`);
}

/** A peer's RST_STREAM as a status (gRPC over HTTP2, "Errors"). */
export function resetEnd(errorCode: number): CallEnd {
  switch (errorCode) {
    case ErrorCode.REFUSED_STREAM:
      return transportEnd(GrpcStatus.UNAVAILABLE, 'Stream refused by server');
    case ErrorCode.CANCEL:
      return transportEnd(GrpcStatus.CANCELLED, 'Call cancelled');
    case ErrorCode.ENHANCE_YOUR_CALM:
      return transportEnd(GrpcStatus.RESOURCE_EXHAUSTED, CALM);
    case ErrorCode.INADEQUATE_SECURITY:
      return transportEnd(GrpcStatus.PERMISSION_DENIED, 'Protocol not secure enough');
    default:
      return transportEnd(GrpcStatus.INTERNAL, `Received RST_STREAM with code ${errorCode}`);
  }
}

/** A peer's GOAWAY, for the calls that it took with it. */
export function goAwayEnd(errorCode: number): CallEnd {
  if (errorCode === ErrorCode.NO_ERROR) return transportEnd(GrpcStatus.UNAVAILABLE, 'Stream refused by server: GOAWAY');
  if (errorCode === ErrorCode.ENHANCE_YOUR_CALM) return transportEnd(GrpcStatus.RESOURCE_EXHAUSTED, CALM);
  return transportEnd(GrpcStatus.INTERNAL, `Session closed with error code ${errorCode}`);
}

/** The peer broke the rules of HTTP/2, and its connection was closed for it. */
export function protocolEnd(details: string): CallEnd {
  return transportEnd(GrpcStatus.INTERNAL, `Protocol error: ${details}`);
}

/** The peer broke the rules on one stream, which is reset with the error code (RFC 9113, section 8.1.1). */
export function malformedEnd(details: string, resetCode: number = ErrorCode.PROTOCOL_ERROR): CallEnd {
  return { ...transportEnd(GrpcStatus.INTERNAL, `Malformed response: ${details}`), resetCode };
}

/** A response without grpc-status: the HTTP status speaks (grpc/doc/http-grpc-status-mapping.md). */
export function httpEnd(httpStatus: string): CallEnd {
  return transportEnd(HTTP_STATUSES[httpStatus] ?? GrpcStatus.UNKNOWN, `Received HTTP status code ${httpStatus}`);
}

const HTTP_STATUSES: Readonly<Record<string, number>> = {
  400: GrpcStatus.INTERNAL,
  401: GrpcStatus.UNAUTHENTICATED,
  403: GrpcStatus.PERMISSION_DENIED,
  404: GrpcStatus.UNIMPLEMENTED,
  429: GrpcStatus.UNAVAILABLE,
  502: GrpcStatus.UNAVAILABLE,
  503: GrpcStatus.UNAVAILABLE,
  504: GrpcStatus.UNAVAILABLE,
};

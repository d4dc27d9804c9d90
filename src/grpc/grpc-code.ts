/** Names of the gRPC statuses; the index is the number on the wire. */
export const GRPC_CODES = [
  'OK',
  'CANCELLED',
  'UNKNOWN',
  'INVALID_ARGUMENT',
  'DEADLINE_EXCEEDED',
  'NOT_FOUND',
  'ALREADY_EXISTS',
  'PERMISSION_DENIED',
  'RESOURCE_EXHAUSTED',
  'FAILED_PRECONDITION',
  'ABORTED',
  'OUT_OF_RANGE',
  'UNIMPLEMENTED',
  'INTERNAL',
  'UNAVAILABLE',
  'DATA_LOSS',
  'UNAUTHENTICATED',
] as const;

export type GrpcCode = (typeof GRPC_CODES)[number];

/** The name of a status, or undefined: what a peer sends may be NaN, -1, 5.5 or nothing. */
export function grpcCode(code: unknown): GrpcCode | undefined {
  return typeof code === 'number' ? GRPC_CODES[code] : undefined;
}

/** Numbers of the gRPC statuses on the wire (grpc/doc/statuscodes.md). */
export const GrpcStatus = {
  OK: 0,
  CANCELLED: 1,
  UNKNOWN: 2,
  INVALID_ARGUMENT: 3,
  DEADLINE_EXCEEDED: 4,
  NOT_FOUND: 5,
  ALREADY_EXISTS: 6,
  PERMISSION_DENIED: 7,
  RESOURCE_EXHAUSTED: 8,
  FAILED_PRECONDITION: 9,
  ABORTED: 10,
  OUT_OF_RANGE: 11,
  UNIMPLEMENTED: 12,
  INTERNAL: 13,
  UNAVAILABLE: 14,
  DATA_LOSS: 15,
  UNAUTHENTICATED: 16,
} as const;

export type GrpcCode = keyof typeof GrpcStatus;

/** Names of the gRPC statuses; the index is the number on the wire. */
export const GRPC_CODES = Object.keys(GrpcStatus) as readonly GrpcCode[];

/** The name of a status, or undefined: what a peer sends may be NaN, -1, 5.5 or nothing. */
export function grpcCode(code: unknown): GrpcCode | undefined {
  return typeof code === 'number' ? GRPC_CODES[code] : undefined;
}

import { GatewayError } from '../domain/errors.js';
import type { GrpcCode } from '../grpc/grpc-code.js';
import { GrpcFailure } from '../grpc/grpc-failure.js';

/** Treatment of events that were not accepted: send them again, or drop them since every attempt would fail. */
export type Verdict = 'retry' | 'reject';

/**
 * Treatment by the status of TenantService. `reject` corresponds to a 4xx status in HTTP, except for the two transient
 * ones.
 */
const VERDICTS: Readonly<Record<GrpcCode, Verdict>> = {
  OK: 'retry',
  CANCELLED: 'retry',
  UNKNOWN: 'retry',
  INVALID_ARGUMENT: 'reject',
  DEADLINE_EXCEEDED: 'retry',
  NOT_FOUND: 'reject',
  ALREADY_EXISTS: 'reject',
  PERMISSION_DENIED: 'reject',
  RESOURCE_EXHAUSTED: 'retry',
  FAILED_PRECONDITION: 'reject',
  ABORTED: 'retry',
  OUT_OF_RANGE: 'reject',
  UNIMPLEMENTED: 'reject',
  INTERNAL: 'retry',
  UNAVAILABLE: 'retry',
  DATA_LOSS: 'retry',
  UNAUTHENTICATED: 'reject',
};

/**
 * Returns the treatment of a failed report. Only TenantService itself rejects events: a proxy's 403 and the gateway's
 * open circuit breaker do not. A batch that is too large counts as rejected, so that its events are sent one by one.
 */
export function verdictOf(error: unknown): Verdict {
  if (!(error instanceof GatewayError)) return 'retry';
  if (error.code === 'PAYLOAD_TOO_LARGE') return 'reject';
  const { cause } = error;
  return cause instanceof GrpcFailure && cause.origin === 'app' ? VERDICTS[cause.grpcCode] : 'retry';
}

/**
 * Returns the reason of a failed report for a log line: the gRPC code if there is one. The backend's message may repeat
 * what it was sent.
 */
export function reasonOf(error: unknown): string {
  if (!(error instanceof GatewayError)) return error instanceof Error ? error.name : 'unknown';
  return error.cause instanceof GrpcFailure ? error.cause.grpcCode : error.code;
}

import { GatewayError } from '../domain/errors.js';
import type { GrpcCode } from '../grpc/grpc-code.js';
import { GrpcFailure } from '../grpc/grpc-failure.js';

/** What to do with events that were not taken: send them again, or give them up since it would always fail. */
export type Verdict = 'retry' | 'reject';

/** What a status of TenantService's own says of the events. The refusals are those that HTTP has a 4xx for, but for the two that pass. */
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
 * Only TenantService itself refuses events: a proxy's 403 and the gateway's own open breaker say nothing of them.
 * A batch that is too large to be sent is refused, so that it goes item by item.
 */
export function verdictOf(error: unknown): Verdict {
  if (!(error instanceof GatewayError)) return 'retry';
  if (error.code === 'PAYLOAD_TOO_LARGE') return 'reject';
  const { cause } = error;
  return cause instanceof GrpcFailure && cause.origin === 'app' ? VERDICTS[cause.grpcCode] : 'retry';
}

/** Why a report failed, for a log line: the gRPC code where there is one. The backend's text may repeat what it was sent. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof GatewayError)) return error instanceof Error ? error.name : 'unknown';
  return error.cause instanceof GrpcFailure ? error.cause.grpcCode : error.code;
}

import { GatewayError } from '../domain/errors.js';
import { GrpcFailure } from '../grpc/grpc-failure.js';

/**
 * Returns the failure behind an error if the same call may be sent again: no part of a response arrived, and the
 * backend does not forbid it.
 */
export function retryableFailure(error: unknown): GrpcFailure | undefined {
  const failure = error instanceof GatewayError ? error.cause : undefined;
  if (!(failure instanceof GrpcFailure) || !failure.retryableUncommitted) return undefined;
  return failure;
}

import { GatewayError } from '../domain/errors.js';
import { GrpcFailure } from '../grpc/grpc-failure.js';

/** Whether a call failed because its upstream did, so that another answer may stand in: never for an answer that the caller must hear. */
export function isUpstreamFault(error: unknown): boolean {
  if (!(error instanceof GatewayError)) return false;
  return error.code === 'CIRCUIT_OPEN' || (error.cause instanceof GrpcFailure && error.cause.backendFault);
}

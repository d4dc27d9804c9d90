import { GatewayError } from '../domain/errors.js';
import { GrpcFailure } from '../grpc/grpc-failure.js';

/** Whether a call failed because its upstream did, so that another answer may stand in: never for an answer that the caller must hear. */
export function isUpstreamFault(error: unknown): boolean {
  if (!(error instanceof GatewayError)) return false;
  return error.code === 'CIRCUIT_OPEN' || (error.cause instanceof GrpcFailure && error.cause.backendFault);
}

/** The cause of an error that took the place of a response that had come. */
export class WithheldResponse extends Error {
  override readonly name = 'WithheldResponse';
}

/** Returns whether an upstream sent a response that could not be passed on: it has done what it was asked for. */
export function wasAnswered({ code, cause }: GatewayError): boolean {
  if (code === 'TENANT_LEAK_BLOCKED' || cause instanceof WithheldResponse) return true;
  return cause instanceof GrpcFailure && cause.answered;
}

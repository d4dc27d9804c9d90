import { GatewayError } from '../domain/errors.js';
import { GrpcFailure } from '../grpc/grpc-failure.js';

/**
 * Returns whether a call failed by a fault of its upstream, so that a fallback may be used; never for an error that
 * the caller must see.
 */
export function isUpstreamFault(error: unknown): boolean {
  if (!(error instanceof GatewayError)) return false;
  return error.code === 'CIRCUIT_OPEN' || (error.cause instanceof GrpcFailure && error.cause.backendFault);
}

/** Cause of an error that replaced a response that had arrived. */
export class WithheldResponse extends Error {
  override readonly name = 'WithheldResponse';
}

/** Returns whether an upstream sent a response that could not be passed on: the request was carried out. */
export function wasAnswered({ code, cause }: GatewayError): boolean {
  if (code === 'TENANT_LEAK_BLOCKED' || cause instanceof WithheldResponse) return true;
  return cause instanceof GrpcFailure && cause.answered;
}

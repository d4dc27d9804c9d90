import { GatewayError } from '../../domain/errors.js';
import { lowerAscii } from '../../domain/header-text.js';
import { GrpcFailure } from '../../grpc/grpc-failure.js';
import { authUnavailable, refusal } from '../refusal.js';

/** AuthService rejects the credential, by `valid: false` or by a status. Never thrown for an outage. */
export class CredentialRejected extends Error {
  override readonly name = 'CredentialRejected';
}

/** AuthService's response cannot be interpreted. */
export class UnreadableVerdict extends Error {
  override readonly name = 'UnreadableVerdict';
}

/** Statuses sent by AuthService itself that reject the credential. */
const VERDICTS: ReadonlySet<string> = new Set(['UNAUTHENTICATED', 'PERMISSION_DENIED', 'NOT_FOUND']);

/** Returns true if a failed validation rejects the credential. Every other failure counts as an outage. */
export function isRejection(error: unknown): boolean {
  if (error instanceof CredentialRejected) return true;
  const failure = grpcFailure(error);
  return failure?.origin === 'app' && VERDICTS.has(failure.grpcCode);
}

/**
 * Returns true if AuthService answered INVALID_ARGUMENT, as it may for a string that was never one of its credentials.
 */
function isUnreadableCredential(error: unknown): boolean {
  const failure = grpcFailure(error);
  return failure?.origin === 'app' && failure.grpcCode === 'INVALID_ARGUMENT';
}

/** Returns the class of an outage for metrics and logs: the gRPC status in lower case, or why the call has none. */
export function errorClass(error: unknown): string {
  if (error instanceof UnreadableVerdict) return 'malformed';
  const failure = grpcFailure(error);
  if (failure !== undefined) return lowerAscii(failure.grpcCode);
  return error instanceof GatewayError ? lowerAscii(error.code) : 'internal';
}

function grpcFailure(error: unknown): GrpcFailure | undefined {
  return error instanceof GatewayError && error.cause instanceof GrpcFailure ? error.cause : undefined;
}

/** Returns the response for an unknown credential when AuthService could not validate it. */
export function toDenial(error: unknown): GatewayError {
  if (isUnreadableCredential(error)) return refusal('MALFORMED_CREDENTIALS', error);
  return authUnavailable('the credential cannot be checked at present', error);
}

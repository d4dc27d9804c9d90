import { GatewayError } from '../../domain/errors.js';
import { lowerAscii } from '../../domain/header-text.js';
import { GrpcFailure } from '../../grpc/grpc-failure.js';

/** AuthService's word that a credential is no good: `valid: false`, or a status that says so. Never thrown for an outage. */
export class CredentialRejected extends Error {
  override readonly name = 'CredentialRejected';
}

/** AuthService's answer is none that a verdict could be read from. */
export class UnreadableVerdict extends Error {
  override readonly name = 'UnreadableVerdict';
}

/** Statuses of AuthService itself that are a verdict on the credential. */
const VERDICTS: ReadonlySet<string> = new Set(['UNAUTHENTICATED', 'PERMISSION_DENIED', 'NOT_FOUND']);

/** Whether a failed validation is a verdict on the credential. Whatever is not known to be one is an outage. */
export function isRejection(error: unknown): boolean {
  if (error instanceof CredentialRejected) return true;
  const failure = grpcFailure(error);
  return failure?.origin === 'app' && VERDICTS.has(failure.grpcCode);
}

/** A request that AuthService cannot read, as it may find a text that was never a credential of its own. */
export function isUnreadableCredential(error: unknown): boolean {
  const failure = grpcFailure(error);
  return failure?.origin === 'app' && failure.grpcCode === 'INVALID_ARGUMENT';
}

/** A word for an outage in metrics and logs: the gRPC status in lower case, or what kept the call from having one. */
export function errorClass(error: unknown): string {
  if (error instanceof UnreadableVerdict) return 'malformed';
  const failure = grpcFailure(error);
  if (failure !== undefined) return lowerAscii(failure.grpcCode);
  return error instanceof GatewayError ? lowerAscii(error.code) : 'internal';
}

function grpcFailure(error: unknown): GrpcFailure | undefined {
  return error instanceof GatewayError && error.cause instanceof GrpcFailure ? error.cause : undefined;
}

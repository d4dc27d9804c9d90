import type { CancelSignal } from '../domain/cancellation.js';
import { ERROR_CODES, GatewayError, type GatewayErrorCode } from '../domain/errors.js';
import {
  type CallEnd,
  classify,
  type GrpcFailure,
  isEnhanceYourCalm,
  localFailure,
  malformedResponse,
} from './grpc-failure.js';
import type { GrpcCode } from './grpc-code.js';
import { sanitise } from './printable.js';
import { readRichStatus, type RichStatus } from './rich-status.js';
import type { TransportCall } from './transport.js';

/** The service whose UNAUTHENTICATED is a verdict on the caller; any other got the gateway's word for who calls. */
const CREDENTIAL_UPSTREAM = 'auth';

/** Upper bound of a reconnect, and so an honest hint when a backend gives none. */
const RETRY_AFTER_SECONDS = 5;

/** What the backend's own statuses mean to a client. */
const APP: Readonly<Record<GrpcCode, GatewayErrorCode>> = {
  OK: 'UPSTREAM_ERROR',
  CANCELLED: 'UPSTREAM_ERROR',
  UNKNOWN: 'UPSTREAM_ERROR',
  INVALID_ARGUMENT: 'INVALID_ARGUMENT',
  DEADLINE_EXCEEDED: 'UPSTREAM_TIMEOUT',
  NOT_FOUND: 'NOT_FOUND',
  ALREADY_EXISTS: 'ALREADY_EXISTS',
  PERMISSION_DENIED: 'PERMISSION_DENIED',
  RESOURCE_EXHAUSTED: 'UPSTREAM_RATE_LIMITED',
  FAILED_PRECONDITION: 'FAILED_PRECONDITION',
  ABORTED: 'ABORTED',
  OUT_OF_RANGE: 'OUT_OF_RANGE',
  UNIMPLEMENTED: 'UPSTREAM_UNIMPLEMENTED',
  INTERNAL: 'UPSTREAM_ERROR',
  UNAVAILABLE: 'UPSTREAM_UNAVAILABLE',
  DATA_LOSS: 'UPSTREAM_ERROR',
  UNAUTHENTICATED: 'UPSTREAM_ERROR',
};

/** The error of a call that ended as `end` says. Total: whatever a peer sends has a code here. */
export function callError(call: TransportCall, end: CallEnd): GatewayError {
  if (call.signal.aborted) return abortError(call.method.upstream, call.signal);
  const failure = classify(call.method.upstream, end);
  const code = errorCode(failure);
  const rich = failure.origin === 'app' ? readRichStatus(end.metadata) : undefined;
  const retryAfterSeconds = retryAfter(code, rich);
  return new GatewayError(code, detailOf(code, failure), {
    cause: failure,
    ...(isClientClass(code) && rich !== undefined && { errors: rich.errors }),
    ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
  });
}

/** The error of a call that was given up: what the request was cancelled for, else that its client left. */
export function abortError(upstream: string, signal: Pick<CancelSignal, 'reason'>): GatewayError {
  const reason: unknown = signal.reason;
  if (!(reason instanceof GatewayError)) return cancelledError(upstream);
  return new GatewayError(reason.code, reason.detail, {
    cause: cancelled(upstream),
    ...(reason.retryAfterSeconds !== undefined && { retryAfterSeconds: reason.retryAfterSeconds }),
  });
}

/** The error of a call whose client left. */
export function cancelledError(upstream: string): GatewayError {
  return new GatewayError('CLIENT_CLOSED', 'The client left before the answer.', { cause: cancelled(upstream) });
}

function cancelled(upstream: string): GrpcFailure {
  return localFailure({ upstream, grpcCode: 'CANCELLED', backendFault: false, details: 'cancelled by the gateway' });
}

/**
 * The error of a call whose time ran out at the gateway.
 * @param backendFault it was the backend that let the time pass.
 */
export function timeoutError(upstream: string, details: string, backendFault: boolean): GatewayError {
  const cause = localFailure({ upstream, grpcCode: 'DEADLINE_EXCEEDED', backendFault, details });
  return new GatewayError('UPSTREAM_TIMEOUT', `The "${upstream}" service did not answer: ${cause.phrase}.`, { cause });
}

/** The error of a response that cannot be read, blamed on its upstream (grpc/doc/statuscodes.md: INTERNAL). Others stay what they are. */
export function unreadableError(upstream: string, error: unknown): GatewayError {
  const thrown = GatewayError.from(error);
  if (thrown.code !== 'UPSTREAM_ERROR') return thrown;
  const details = thrown.cause instanceof Error ? thrown.cause.message : thrown.detail;
  return new GatewayError('UPSTREAM_ERROR', thrown.detail, { cause: malformedResponse(upstream, details) });
}

function errorCode(failure: GrpcFailure): GatewayErrorCode {
  const { grpcCode, origin, upstream } = failure;
  if (origin === 'app') {
    if (grpcCode === 'UNAUTHENTICATED' && upstream === CREDENTIAL_UPSTREAM) return 'UNAUTHENTICATED';
    return APP[grpcCode];
  }
  if (grpcCode === 'DEADLINE_EXCEEDED') return 'UPSTREAM_TIMEOUT';
  if (grpcCode === 'UNAVAILABLE') return 'UPSTREAM_UNAVAILABLE';
  if (grpcCode !== 'RESOURCE_EXHAUSTED') return 'UPSTREAM_ERROR';
  if (origin === 'local') return 'PAYLOAD_TOO_LARGE';
  return isEnhanceYourCalm(failure.details) ? 'UPSTREAM_UNAVAILABLE' : 'UPSTREAM_ERROR';
}

function isClientClass(code: GatewayErrorCode): boolean {
  const { domain } = ERROR_CODES[code];
  return domain === 'client' || domain === 'auth';
}

/** The backend's own text only where the client can do something about it. */
function detailOf(code: GatewayErrorCode, failure: GrpcFailure): string {
  if (code === 'PAYLOAD_TOO_LARGE') return `The request is larger than the "${failure.upstream}" service takes.`;
  if (isClientClass(code)) return sanitise(failure.details) || `${ERROR_CODES[code].title}.`;
  return `The "${failure.upstream}" service ${VERBS[code] ?? 'failed'}: ${failure.phrase}.`;
}

const VERBS: Partial<Record<GatewayErrorCode, string>> = {
  UPSTREAM_TIMEOUT: 'did not answer',
  UPSTREAM_UNAVAILABLE: 'cannot answer now',
  UPSTREAM_RATE_LIMITED: 'refused this call',
  UPSTREAM_UNIMPLEMENTED: 'does not know this call',
};

function retryAfter(code: GatewayErrorCode, rich: RichStatus | undefined): number | undefined {
  if (code === 'UPSTREAM_UNAVAILABLE') return rich?.retryAfterSeconds ?? RETRY_AFTER_SECONDS;
  return code === 'UPSTREAM_RATE_LIMITED' ? rich?.retryAfterSeconds : undefined;
}

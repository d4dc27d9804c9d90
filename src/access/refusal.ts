import type { DecisionReason } from '../domain/decision-reason.js';
import { GatewayError } from '../domain/errors.js';

/** Retry-After while AuthService or an issuer cannot be reached. */
const RETRY_AFTER_SECONDS = 5;

/**
 * Creates the error of an invalid credential. The client sees the same response for every reason; the log has the
 * reason.
 */
export function refusal(
  reason: DecisionReason,
  cause: unknown = new Error(`credential refused: ${reason}`),
): GatewayError {
  return new GatewayError('UNAUTHENTICATED', 'invalid or expired token', {
    decisionReason: reason,
    cause,
    headers: { 'www-authenticate': 'Bearer error="invalid_token"' },
  });
}

/** Details of {@link credentialEnded}: the client held a valid credential, so it learns why it ended. */
const ENDS: Partial<Record<DecisionReason, string>> = {
  TOKEN_EXPIRED: 'The credential expired while the response was sent.',
  SESSION_ENDED: 'The session ended while the response was sent.',
};

/** Creates the error of a credential that ended while the response was sent. */
export function credentialEnded(reason: DecisionReason): GatewayError {
  return new GatewayError(
    'UNAUTHENTICATED',
    ENDS[reason] ?? 'The credential was revoked while the response was sent.',
    { decisionReason: reason, cause: new Error(`credential ended: ${reason}`) },
  );
}

/** Creates the error of a request without a required credential. */
export function missingCredentials(): GatewayError {
  return new GatewayError('UNAUTHENTICATED', 'Authentication is required: send Authorization: Bearer <access token>.', {
    decisionReason: 'NO_CREDENTIALS',
    headers: { 'www-authenticate': 'Bearer' },
  });
}

/** Creates the error of a request with more than one credential (RFC 6750 3.1). */
export function severalCredentials(): GatewayError {
  return new GatewayError(
    'UNAUTHENTICATED',
    'Send one credential: Authorization, X-API-Key or the session cookie, not several.',
    { decisionReason: 'MALFORMED_CREDENTIALS', headers: { 'www-authenticate': 'Bearer error="invalid_request"' } },
  );
}

/** Creates the error of a credential that needs AuthService, in a deployment without it (RFC 6750 3.1). */
export function unsupportedCredential(): GatewayError {
  return new GatewayError(
    'UNAUTHENTICATED',
    'API keys and opaque tokens are not accepted here: send Authorization: Bearer <access token>, a JWT.',
    { decisionReason: 'CREDENTIAL_UNSUPPORTED', headers: { 'www-authenticate': 'Bearer error="invalid_token"' } },
  );
}

/**
 * Creates the error of a credential that cannot be checked at present: never a 401, since clients sign their user out
 * on one.
 */
export function authUnavailable(detail: string, cause: unknown): GatewayError {
  const retryAfter = cause instanceof GatewayError ? cause.retryAfterSeconds : undefined;
  return new GatewayError('AUTH_UNAVAILABLE', `service unavailable: ${detail}`, {
    decisionReason: 'AUTH_UPSTREAM_UNAVAILABLE',
    cause,
    retryAfterSeconds: retryAfter ?? RETRY_AFTER_SECONDS,
  });
}

/** Creates the error of an unexpected failure during authentication. It denies access. */
export function authFailed(cause: unknown): GatewayError {
  return new GatewayError('AUTH_UNAVAILABLE', 'service unavailable: the credential could not be checked', {
    decisionReason: 'AUTH_INTERNAL_ERROR',
    cause,
    retryAfterSeconds: RETRY_AFTER_SECONDS,
  });
}

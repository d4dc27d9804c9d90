import type { DecisionReason } from '../domain/decision-reason.js';
import { GatewayError } from '../domain/errors.js';

/** Until AuthService or an issuer may be back. */
const RETRY_AFTER_SECONDS = 5;

/** One body for every refusal: a client learns that its credential is no good, the log learns why. */
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

/** Details of {@link credentialEnded}: its reader held the credential, so it learns why it ended. */
const ENDS: Partial<Record<DecisionReason, string>> = {
  TOKEN_EXPIRED: 'The credential expired while the response was sent.',
  SESSION_ENDED: 'The session ended while the response was sent.',
};

/** A credential that was valid when the request began, and no longer is while it is answered. */
export function credentialEnded(reason: DecisionReason): GatewayError {
  return new GatewayError(
    'UNAUTHENTICATED',
    ENDS[reason] ?? 'The credential was revoked while the response was sent.',
    { decisionReason: reason, cause: new Error(`credential ended: ${reason}`) },
  );
}

/** No credential came where one is needed. */
export function missingCredentials(): GatewayError {
  return new GatewayError('UNAUTHENTICATED', 'Authentication is required: send Authorization: Bearer <access token>.', {
    decisionReason: 'NO_CREDENTIALS',
    headers: { 'www-authenticate': 'Bearer' },
  });
}

/** More than one credential came: whose request is it? (RFC 6750 3.1) */
export function severalCredentials(): GatewayError {
  return new GatewayError(
    'UNAUTHENTICATED',
    'Send one credential: Authorization, X-API-Key or the session cookie, not several.',
    { decisionReason: 'MALFORMED_CREDENTIALS', headers: { 'www-authenticate': 'Bearer error="invalid_request"' } },
  );
}

/** A credential that only AuthService could judge, in a deployment that has none (RFC 6750 3.1). */
export function unsupportedCredential(): GatewayError {
  return new GatewayError(
    'UNAUTHENTICATED',
    'API keys and opaque tokens are not accepted here: send Authorization: Bearer <access token>, a JWT.',
    { decisionReason: 'CREDENTIAL_UNSUPPORTED', headers: { 'www-authenticate': 'Bearer error="invalid_token"' } },
  );
}

/** Nobody can say whether a credential is good: never a 401, since a client that sees one signs its user out. */
export function authUnavailable(detail: string, cause: unknown): GatewayError {
  const retryAfter = cause instanceof GatewayError ? cause.retryAfterSeconds : undefined;
  return new GatewayError('AUTH_UNAVAILABLE', `service unavailable: ${detail}`, {
    decisionReason: 'AUTH_UPSTREAM_UNAVAILABLE',
    cause,
    retryAfterSeconds: retryAfter ?? RETRY_AFTER_SECONDS,
  });
}

/** A bug met while authenticating. It denies, whatever it is. */
export function authFailed(cause: unknown): GatewayError {
  return new GatewayError('AUTH_UNAVAILABLE', 'service unavailable: the credential could not be checked', {
    decisionReason: 'AUTH_INTERNAL_ERROR',
    cause,
    retryAfterSeconds: RETRY_AFTER_SECONDS,
  });
}

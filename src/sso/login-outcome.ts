import { AuthorizationResponseError, ClientError } from 'openid-client';
import { GatewayError } from '../domain/errors.js';
import { areKeysMissing, isNetworkFailure } from './id-token.js';

/** Outcomes of a sign-in: a closed list, the label of gateway_sso_logins_total. */
export const LOGIN_OUTCOMES = [
  'success',
  'user_cancelled',
  'login_required',
  'state_mismatch',
  'nonce_mismatch',
  'idp_error',
  'exchange_failed',
] as const;

export type LoginOutcome = (typeof LOGIN_OUTCOMES)[number];

/** A sign-in failed; carries its outcome. */
export class LoginFailure extends Error {
  override readonly name = 'LoginFailure';

  /** @param returnTo page from which the user came, if it is known. */
  constructor(
    readonly outcome: Exclude<LoginOutcome, 'success'>,
    readonly error: GatewayError,
    readonly returnTo?: string,
  ) {
    super(error.detail, { cause: error });
  }
}

/**
 * Creates the failure of a callback whose sign-in this browser does not hold: begun in another browser, used already,
 * or expired.
 */
export function stateMismatch(why: string, returnTo?: string): LoginFailure {
  const detail = 'This sign-in is not known here, has been used, or took too long: sign in again.';
  const error = new GatewayError('INVALID_ARGUMENT', detail, { cause: new Error(why) });
  return new LoginFailure('state_mismatch', error, returnTo);
}

/**
 * Creates the failure of a sign-in that a logout token of the provider overtook, between the ID token and the session.
 */
export function endedMeanwhile(): LoginFailure {
  const cause = new Error('the identity provider ended the session before it began');
  const detail = 'The identity provider has signed you out again: sign in again.';
  return new LoginFailure('idp_error', new GatewayError('UNAUTHENTICATED', detail, { cause }));
}

/** Errors with which a provider says that it would have to show a page (OpenID Connect Core 3.1.2.6). */
const NEEDS_PERSON = new Set([
  'login_required',
  'interaction_required',
  'consent_required',
  'account_selection_required',
]);

/** Errors of the token endpoint or the network after which a later attempt may succeed. */
const TRANSIENT = new Set([
  'OAUTH_TIMEOUT',
  'OAUTH_ABORT',
  'OAUTH_RESPONSE_IS_NOT_CONFORM',
  'OAUTH_RESPONSE_IS_NOT_JSON',
]);

/** Maps an error of the protocol with the provider to a failure. */
export function protocolFailure(thrown: unknown): LoginFailure {
  if (thrown instanceof LoginFailure) return thrown;
  if (thrown instanceof GatewayError) return new LoginFailure('idp_error', thrown);
  if (thrown instanceof AuthorizationResponseError) return refusedByProvider(thrown);
  if (failedClaim(thrown) === 'nonce') return refused('nonce_mismatch', thrown);
  return isTransient(thrown) ? unavailable(thrown) : refused('idp_error', thrown);
}

/** Maps an error of AuthService to a failure: it rejects the identity, or cannot be reached. */
export function exchangeFailure(thrown: unknown): LoginFailure {
  if (thrown instanceof LoginFailure) return thrown;
  const error = GatewayError.from(thrown);
  if (error.domain === 'client' || error.domain === 'auth') {
    const detail = 'This identity may not sign in here.';
    return new LoginFailure('exchange_failed', new GatewayError('PERMISSION_DENIED', detail, { cause: error }));
  }
  if (error.code === 'INTERNAL' || error.code === 'AUTH_UNAVAILABLE') return new LoginFailure('exchange_failed', error);
  return new LoginFailure('exchange_failed', signInUnavailable(error));
}

function refusedByProvider(error: AuthorizationResponseError): LoginFailure {
  const cause = new Error(`the identity provider answered ${error.error}`);
  if (NEEDS_PERSON.has(error.error)) return refused('login_required', cause);
  if (error.error !== 'access_denied') return refused('idp_error', cause);
  const cancelled = new GatewayError('UNAUTHENTICATED', 'The sign-in was cancelled.', { cause });
  return new LoginFailure('user_cancelled', cancelled);
}

function refused(outcome: 'login_required' | 'nonce_mismatch' | 'idp_error', cause: unknown): LoginFailure {
  const detail = "The identity provider's answer could not be accepted: sign in again.";
  return new LoginFailure(outcome, new GatewayError('UNAUTHENTICATED', detail, { cause }));
}

function unavailable(cause: unknown): LoginFailure {
  return new LoginFailure('idp_error', signInUnavailable(cause));
}

function signInUnavailable(cause: unknown): GatewayError {
  const detail = 'service unavailable: sign-in is not possible at present';
  return new GatewayError('AUTH_UNAVAILABLE', detail, { cause, retryAfterSeconds: 5 });
}

function isTransient(error: unknown): boolean {
  if (error instanceof ClientError) return TRANSIENT.has(error.code ?? '') || isNetworkFailure(error.cause);
  return areKeysMissing(error);
}

/** Returns the claim that failed the check, if the client library names one. */
function failedClaim(error: unknown): string | undefined {
  for (let at = error; at instanceof Error; at = at.cause) {
    const details = at.cause;
    if (typeof details === 'object' && details !== null && 'claim' in details) return String(details.claim);
  }
  return undefined;
}

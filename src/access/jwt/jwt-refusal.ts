import { errors } from 'jose';
import type { DecisionReason } from '../../domain/decision-reason.js';
import { GatewayError } from '../../domain/errors.js';
import { authUnavailable, refusal } from '../refusal.js';
import { KeysUnavailable } from './remote-keys.js';

const CLAIM_REASONS: Readonly<Record<string, DecisionReason>> = {
  aud: 'TOKEN_AUDIENCE',
  iss: 'TOKEN_ISSUER',
  nbf: 'TOKEN_NOT_YET_VALID',
  iat: 'TOKEN_NOT_YET_VALID',
};

const JOSE_REASONS: Readonly<Record<string, DecisionReason>> = {
  ERR_JWT_EXPIRED: 'TOKEN_EXPIRED',
  ERR_JWS_SIGNATURE_VERIFICATION_FAILED: 'TOKEN_SIGNATURE_INVALID',
  ERR_JOSE_ALG_NOT_ALLOWED: 'TOKEN_ALG_REJECTED',
  ERR_JWKS_NO_MATCHING_KEY: 'SIGNING_KEY_MISSING',
};

/** Returns the error for a rejected token; its cause contains a phrase that log searches use. */
export function jwtRefusal(reason: DecisionReason, cause: unknown): GatewayError {
  return refusal(reason, new Error(`jwt validation failed: ${reason}`, { cause }));
}

/** Error for every token with an unknown key: shared, so that a flood does not cost a stack trace per token. */
export const keyMissing = jwtRefusal('SIGNING_KEY_MISSING', new errors.JWKSNoMatchingKey());

/** Maps a failed verification to the client's error; returns unexpected errors unchanged. */
export function toRefusal(error: unknown): unknown {
  if (error instanceof KeysUnavailable) return authUnavailable('signing keys are not known at present', error);
  return error instanceof errors.JOSEError ? jwtRefusal(reasonOf(error), error) : error;
}

function reasonOf(error: errors.JOSEError): DecisionReason {
  if (error instanceof errors.JWTClaimValidationFailed) return CLAIM_REASONS[error.claim] ?? 'MALFORMED_CREDENTIALS';
  return JOSE_REASONS[error.code] ?? 'MALFORMED_CREDENTIALS';
}

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

/** The refusal of a token, with the words that people search logs for. */
export function jwtRefusal(reason: DecisionReason, cause: unknown): GatewayError {
  return refusal(reason, new Error(`jwt validation failed: ${reason}`, { cause }));
}

/** The refusal of any token of an unknown key: one for all of them, since a flood must not cost a stack trace each. */
export const keyMissing = jwtRefusal('SIGNING_KEY_MISSING', new errors.JWKSNoMatchingKey());

/** What a failed verification means to the client; anything unforeseen is given back as it is. */
export function toRefusal(error: unknown): unknown {
  if (error instanceof KeysUnavailable) return authUnavailable('signing keys are not known at present', error);
  return error instanceof errors.JOSEError ? jwtRefusal(reasonOf(error), error) : error;
}

function reasonOf(error: errors.JOSEError): DecisionReason {
  if (error instanceof errors.JWTClaimValidationFailed) return CLAIM_REASONS[error.claim] ?? 'MALFORMED_CREDENTIALS';
  return JOSE_REASONS[error.code] ?? 'MALFORMED_CREDENTIALS';
}

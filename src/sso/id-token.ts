import { errors, jwtVerify, type JWTPayload, type JWTVerifyOptions } from 'jose';
import type { ProviderMetadata } from './identity-provider.js';

/** Signatures that only the provider can make: none with the client secret, let alone none at all (RFC 8725 3.1). */
const ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
];
const CLOCK_TOLERANCE_SECONDS = 30;
/** A token that is asked for, or announced, is used at once. It also must not be of the future. */
const MAX_AGE_SECONDS = 300;

interface ProviderToken {
  readonly token: string;
  readonly clientId: string;
  readonly rules?: Pick<JWTVerifyOptions, 'requiredClaims'>;
}

/** Verifies a token of a provider: its signature, `iss`, `aud`, `exp` and `iat`. Rejects with jose's errors. */
export async function verifyProviderToken(
  { issuer, keys }: ProviderMetadata,
  { token, clientId, rules }: ProviderToken,
): Promise<JWTPayload> {
  const options = {
    algorithms: ALGORITHMS,
    issuer,
    audience: clientId,
    clockTolerance: CLOCK_TOLERANCE_SECONDS,
    maxTokenAge: MAX_AGE_SECONDS,
    ...rules,
  };
  return (await jwtVerify(token, keys, options)).payload;
}

/**
 * The same for an ID token from the token endpoint. The client library has checked its claims against the sign-in; a key
 * that is not known yet is fetched at once, since nobody but the provider can have sent the token.
 */
export async function verifyIdToken(metadata: ProviderMetadata, token: string, clientId: string): Promise<JWTPayload> {
  const expected = { token, clientId, rules: { requiredClaims: ['sub', 'exp'] } };
  try {
    return await verifyProviderToken(metadata, expected);
  } catch (error) {
    if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
    await metadata.keys.reload();
    return verifyProviderToken(metadata, expected);
  }
}

/** Whether a verification failed because the provider's keys could not be fetched: no verdict on the token. */
export function areKeysMissing(error: unknown): boolean {
  if (error instanceof errors.JWKSTimeout) return true;
  // jose has no name of its own for an answer other than 200, and passes errors of fetch on.
  return error instanceof errors.JOSEError ? error.code === 'ERR_JOSE_GENERIC' : isNetworkFailure(error);
}

/** Node's fetch rejects with a TypeError whose cause names the system call. */
export function isNetworkFailure(error: unknown): boolean {
  return error instanceof TypeError && error.message === 'fetch failed';
}

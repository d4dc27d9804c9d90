import { errors, jwtVerify, type JWTPayload, type JWTVerifyOptions } from 'jose';
import type { ProviderMetadata } from './identity-provider.js';

/**
 * Signature algorithms that only the provider can use: none with the client secret, and never `none` (RFC 8725 3.1).
 */
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
/**
 * Maximum age of a token in seconds, since tokens are used immediately. A token from the future is rejected as well.
 */
const MAX_AGE_SECONDS = 300;

interface ProviderToken {
  readonly token: string;
  readonly clientId: string;
  readonly rules?: Pick<JWTVerifyOptions, 'requiredClaims'>;
}

/** Verifies a token of a provider: signature, `iss`, `aud`, `exp` and `iat`. Rejects with jose's errors. */
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
 * Verifies an ID token from the token endpoint. The client library has checked its claims against the sign-in. An
 * unknown key is fetched immediately, since only the provider can have sent the token.
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

/**
 * Returns true if a verification failed because the provider's keys could not be fetched, so that the token was not
 * judged.
 */
export function areKeysMissing(error: unknown): boolean {
  if (error instanceof errors.JWKSTimeout) return true;
  // jose has no specific error for a status other than 200, and passes on errors of fetch.
  return error instanceof errors.JOSEError ? error.code === 'ERR_JOSE_GENERIC' : isNetworkFailure(error);
}

/** Returns true for an error of Node's fetch: a TypeError whose cause names the system call. */
export function isNetworkFailure(error: unknown): boolean {
  return error instanceof TypeError && error.message === 'fetch failed';
}

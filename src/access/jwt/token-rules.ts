import { errors, type JWTHeaderParameters, type JWTPayload } from 'jose';
import type { ClaimPath } from '../../config/claim-path.js';
import { lowerAscii } from '../../domain/header-text.js';
import { claimAt } from './claim-reader.js';

/** Value of `typ` that only access tokens have (RFC 9068 2.1). */
export const ACCESS_TOKEN = 'at+jwt';

/** Claims of ID tokens (OpenID Connect Core 2 and 3.3.2.11) and logout tokens that access tokens do not have. */
const FOREIGN_CLAIMS = ['nonce', 'at_hash', 'c_hash', 'events'];
/** Values of the claim `typ` that Keycloak sets for tokens of other kinds. */
const FOREIGN_TYPES = ['ID', 'Refresh', 'Offline', 'Logout'];

/**
 * Rejects a token that is not an access token: by its header `typ`, and if that is inconclusive by its claims, so that
 * an ID token is not accepted as one (RFC 8725 3.12). Throws JWTClaimValidationFailed.
 */
export function checkType({ typ }: JWTHeaderParameters, payload: JWTPayload, types: readonly string[]): void {
  const type = typeOf(typ);
  if (type === undefined || !types.includes(type)) {
    fail(payload, 'typ', `of the header is ${type ?? 'not a string'}, not ${types.join(' or ')}`);
  }
  if (type === ACCESS_TOKEN) return;
  const foreign = FOREIGN_CLAIMS.find((name) => Object.hasOwn(payload, name));
  if (foreign !== undefined) fail(payload, foreign, 'is a claim of tokens that are not access tokens');
  const { typ: kind, token_use: use } = payload;
  if (FOREIGN_TYPES.includes(kind as string)) fail(payload, 'typ', 'names another kind of token');
  if (use !== undefined && use !== 'access') fail(payload, 'token_use', 'is not "access"');
}

function typeOf(typ: unknown): string | undefined {
  if (typ === undefined) return 'none';
  return typeof typ === 'string' ? lowerAscii(typ).replace(/^application\//, '') : undefined;
}

/** Rejects a token whose audience is not accepted; the first present claim is read. Throws JWTClaimValidationFailed. */
export function checkAudience(payload: JWTPayload, claims: readonly ClaimPath[], audiences: readonly string[]): void {
  for (const path of claims) {
    const value = valueOf(payload, path);
    if (value === undefined) continue;
    const named: readonly unknown[] = Array.isArray(value) ? value : [value];
    if (audiences.some((each) => named.includes(each))) return;
    fail(payload, 'aud', `is read from ${path.text}, which names another audience`);
  }
  fail(payload, 'aud', `is read from ${claims.map(({ text }) => text).join(' or ')}, which is missing`);
}

function valueOf(payload: JWTPayload, path: ClaimPath): unknown {
  try {
    return claimAt(payload, path);
  } catch {
    return undefined;
  }
}

function fail(payload: JWTPayload, claim: string, reason: string): never {
  throw new errors.JWTClaimValidationFailed(`"${claim}" ${reason}`, payload, claim, 'check_failed');
}

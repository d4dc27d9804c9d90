import { createSecretKey } from 'node:crypto';
import { decodeJwt, decodeProtectedHeader, errors, jwtVerify, type JWTPayload, type JWTVerifyOptions } from 'jose';
import type { ClaimPath } from '../../config/claim-path.js';
import type { Principal } from '../../domain/principal.js';
import type { ToPrincipal } from './claims.js';
import { ACCESS_TOKEN, checkAudience, checkType } from './token-rules.js';
import { ALGORITHMS } from './key-set.js';
import { KeysUnavailable, type RemoteKeys } from './remote-keys.js';

/** Requirements for the tokens of an issuer. */
export interface TokenRules {
  /** Accepted audiences; one match is enough. */
  readonly audience: string | readonly string[];
  /** Claims that hold the audience, for an issuer that does not set `aud`. */
  readonly audienceClaims?: readonly ClaimPath[] | undefined;
  /**
   * Accepted values of the header `typ`; undefined: only `at+jwt`. Not checked for tokens signed with a shared secret.
   */
  readonly types?: readonly string[] | undefined;
  readonly clockToleranceMs: number;
}

/** Verifies tokens of one issuer. Rejects with jose's errors, or with KeysUnavailable. */
export interface VerifyToken {
  (token: string): Promise<JWTPayload>;
  /** See `RemoteKeys.lacks`. */
  readonly lacksKey?: (kid: string) => boolean;
}

/** Headers with which a token could bring its own key or rules (RFC 8725 3.10). */
const REFUSED_HEADERS = ['jku', 'jwk', 'x5u', 'x5c', 'crit', 'b64'];

/**
 * Verifies tokens of an issuer that publishes its keys: only asymmetric algorithms and only access tokens (RFC 9068 4).
 */
export function verifyByKeys(keys: RemoteKeys, rules: TokenRules, issuer: string | undefined): VerifyToken {
  const options = { ...optionsOf(rules, issuer), algorithms: ALGORITHMS };
  const types = rules.types ?? [ACCESS_TOKEN];
  const verify = async (token: string) => {
    const { payload, protectedHeader } = await jwtVerify(token, (header, jws) => keys.find(header, jws), options);
    checkType(protectedHeader, payload, types);
    return checkClaims(payload, rules);
  };
  return Object.assign(verify, { lacksKey: (kid: string) => keys.lacks(kid) });
}

/**
 * Verifies tokens signed with a shared secret. The previous secret is tried only if the signature does not match the
 * current one.
 */
export function verifyBySecrets(
  secrets: readonly string[],
  rules: TokenRules,
  issuer: string | undefined,
): VerifyToken {
  const keys = secrets.map((secret) => createSecretKey(secret, 'utf8'));
  const options = { ...optionsOf(rules, issuer), algorithms: ['HS256'] };
  return async (token) => {
    let failure: unknown = new KeysUnavailable();
    for (const key of keys) {
      try {
        return checkClaims((await jwtVerify(token, key, options)).payload, rules);
      } catch (error) {
        if (!(error instanceof errors.JWSSignatureVerificationFailed)) throw error;
        failure = error;
      }
    }
    throw failure;
  };
}

/** Verifies a token with the keys of the issuer that it names. */
export class TokenVerifier {
  /**
   * @param issuers by `iss`.
   * @param standard for tokens of any other issuer; it checks `iss` itself if one is configured.
   * @param read converts verified claims to the caller.
   */
  constructor(
    private issuers: ReadonlyMap<string, VerifyToken>,
    private standard: VerifyToken,
    private read: ToPrincipal,
  ) {}

  /** Replaces the trusted issuers and the rules for reading claims. */
  replace(issuers: ReadonlyMap<string, VerifyToken>, standard: VerifyToken, read: ToPrincipal): void {
    this.issuers = issuers;
    this.standard = standard;
    this.read = read;
  }

  /** Returns the caller of verified claims. Throws UNAUTHENTICATED for claims of the wrong type. */
  principalOf(claims: JWTPayload): Principal {
    return this.read(claims);
  }

  /** Returns the claims of a valid token. Rejects with jose's errors, or with KeysUnavailable. */
  async verify(token: string): Promise<JWTPayload> {
    checkForm(token);
    return this.verifierFor(token)(token);
  }

  /**
   * Returns true if a token names a key that its issuer does not have: the only work done for a flood of tokens with
   * made-up key IDs.
   */
  namesUnknownKey(token: string): boolean {
    const kid = keyNameOf(token);
    return kid !== undefined && this.verifierFor(token).lacksKey?.(kid) === true;
  }

  private verifierFor(token: string): VerifyToken {
    if (this.issuers.size === 0) return this.standard;
    return this.issuers.get(claimedIssuer(token)) ?? this.standard;
  }
}

/** Returns the issuer that an unverified token names; empty if it cannot be read. */
function claimedIssuer(token: string): string {
  try {
    const { iss } = decodeJwt(token);
    return typeof iss === 'string' ? iss : '';
  } catch {
    return '';
  }
}

/**
 * Returns the `kid` of a token with an otherwise valid header; undefined leaves the token to the full check, which
 * reports what is wrong.
 */
function keyNameOf(token: string): string | undefined {
  try {
    const header: unknown = JSON.parse(Buffer.from(token.slice(0, token.indexOf('.')), 'base64url').toString('utf8'));
    const { alg, kid } = (header ?? {}) as { readonly alg?: unknown; readonly kid?: unknown };
    const isPlain = ALGORITHMS.includes(alg as string) && !REFUSED_HEADERS.some((name) => name in (header as object));
    return isPlain && typeof kid === 'string' ? kid : undefined;
  } catch {
    return undefined;
  }
}

/** Rejects encodings that jose would accept: a signature must correspond to exactly one text. */
function checkForm(token: string): void {
  if (!token.split('.').every(isCanonical)) throw new errors.JWSInvalid('not the canonical base64url encoding');
  const header = headerOf(token);
  const refused = REFUSED_HEADERS.find((name) => name in header);
  if (refused !== undefined) throw new errors.JWSInvalid(`the header ${refused} is not allowed`);
}

function headerOf(token: string): object {
  try {
    return decodeProtectedHeader(token);
  } catch (error) {
    throw new errors.JWSInvalid('the header cannot be read', { cause: error });
  }
}

/** Returns true if the unused bits of the last character are zero (RFC 4648 3.5). */
function isCanonical(part: string): boolean {
  return Buffer.from(part, 'base64url').toString('base64url') === part;
}

function checkClaims(payload: JWTPayload, rules: TokenRules): JWTPayload {
  if (rules.audienceClaims !== undefined) checkAudience(payload, rules.audienceClaims, [rules.audience].flat());
  return refuseFuture(payload, rules);
}

/**
 * Rejects a token whose `iat` is in the future by more than the clock tolerance. jose checks `iat` only for a maximum
 * age.
 */
function refuseFuture(payload: JWTPayload, { clockToleranceMs }: TokenRules): JWTPayload {
  const { iat } = payload;
  if (iat === undefined || (typeof iat === 'number' && iat * 1000 <= Date.now() + clockToleranceMs)) return payload;
  throw new errors.JWTClaimValidationFailed('"iat" is not a time in the past', payload, 'iat', 'check_failed');
}

/** Returns jose's options. `sub` is not required here: not every issuer names the subject so. */
function optionsOf(
  { audience, audienceClaims, clockToleranceMs }: TokenRules,
  issuer: string | undefined,
): JWTVerifyOptions {
  const hasAudience = audienceClaims === undefined;
  return {
    clockTolerance: clockToleranceMs / 1000,
    requiredClaims: ['exp', 'iss', ...(hasAudience ? ['aud'] : [])],
    ...(hasAudience ? { audience: [audience].flat() } : {}),
    ...(issuer === undefined ? {} : { issuer }),
  };
}

import { createSecretKey } from 'node:crypto';
import { decodeJwt, decodeProtectedHeader, errors, jwtVerify, type JWTPayload, type JWTVerifyOptions } from 'jose';
import type { ClaimPath } from '../../config/claim-path.js';
import type { Principal } from '../../domain/principal.js';
import type { ToPrincipal } from './claims.js';
import { ACCESS_TOKEN, checkAudience, checkType } from './token-rules.js';
import { ALGORITHMS } from './key-set.js';
import { KeysUnavailable, type RemoteKeys } from './remote-keys.js';

/** What the tokens of an issuer must satisfy. */
export interface TokenRules {
  /** Any of them will do. */
  readonly audience: string | readonly string[];
  /** Where the audience is, of an issuer that writes no `aud`. */
  readonly audienceClaims?: readonly ClaimPath[] | undefined;
  /** Values of the header `typ`; undefined: `at+jwt` alone. Tokens by shared secrets may have any. */
  readonly types?: readonly string[] | undefined;
  readonly clockToleranceMs: number;
}

/** Checks tokens of one issuer. Rejects with jose's errors, or KeysUnavailable. */
export interface VerifyToken {
  (token: string): Promise<JWTPayload>;
  /** See `RemoteKeys.lacks`. */
  readonly lacksKey?: (kid: string) => boolean;
}

/** Headers by which a token would bring its own key or rules (RFC 8725 3.10). */
const REFUSED_HEADERS = ['jku', 'jwk', 'x5u', 'x5c', 'crit', 'b64'];

/** Tokens of an issuer that publishes its keys. Asymmetric algorithms alone, and access tokens alone (RFC 9068 4). */
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

/** Tokens signed with a shared secret. An earlier secret is tried only for a signature that the later one did not make. */
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

/** Verifies a token with the keys of whoever it says it comes from. */
export class TokenVerifier {
  /**
   * @param issuers by `iss`.
   * @param standard for tokens of any other issuer; it checks `iss` itself when one is configured.
   * @param read what verified claims mean.
   */
  constructor(
    private issuers: ReadonlyMap<string, VerifyToken>,
    private standard: VerifyToken,
    private read: ToPrincipal,
  ) {}

  /** Believes other issuers from now on, and reads claims anew. */
  replace(issuers: ReadonlyMap<string, VerifyToken>, standard: VerifyToken, read: ToPrincipal): void {
    this.issuers = issuers;
    this.standard = standard;
    this.read = read;
  }

  /** Returns the caller of whom verified claims speak. Throws UNAUTHENTICATED for claims of the wrong kind. */
  principalOf(claims: JWTPayload): Principal {
    return this.read(claims);
  }

  /** The claims of a good token. Rejects with jose's errors, or KeysUnavailable. */
  async verify(token: string): Promise<JWTPayload> {
    checkForm(token);
    return this.verifierFor(token)(token);
  }

  /** Tells whether a token names a key that its issuer does not have: whoever floods with made-up names gets no more than this. */
  namesUnknownKey(token: string): boolean {
    const kid = keyNameOf(token);
    return kid !== undefined && this.verifierFor(token).lacksKey?.(kid) === true;
  }

  private verifierFor(token: string): VerifyToken {
    if (this.issuers.size === 0) return this.standard;
    return this.issuers.get(claimedIssuer(token)) ?? this.standard;
  }
}

/** What a token says of its issuer, before any of it is believed; empty when it cannot be read. */
function claimedIssuer(token: string): string {
  try {
    const { iss } = decodeJwt(token);
    return typeof iss === 'string' ? iss : '';
  } catch {
    return '';
  }
}

/** The `kid` of a token whose header is in order otherwise; undefined leaves the token to the whole check, which says what is wrong. */
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

/** Refuses what jose would read generously: one signature must belong to one text. */
function checkForm(token: string): void {
  if (!token.split('.').every(isCanonical)) throw new errors.JWSInvalid('not the one way to write these bytes');
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

/** RFC 4648 3.5: the bits that the last character has to spare are zero. */
function isCanonical(part: string): boolean {
  return Buffer.from(part, 'base64url').toString('base64url') === part;
}

function checkClaims(payload: JWTPayload, rules: TokenRules): JWTPayload {
  if (rules.audienceClaims !== undefined) checkAudience(payload, rules.audienceClaims, [rules.audience].flat());
  return refuseFuture(payload, rules);
}

/** A token that was issued later than now, by more than clocks differ, says something that cannot be true. jose looks at `iat` only for an age. */
function refuseFuture(payload: JWTPayload, { clockToleranceMs }: TokenRules): JWTPayload {
  const { iat } = payload;
  if (iat === undefined || (typeof iat === 'number' && iat * 1000 <= Date.now() + clockToleranceMs)) return payload;
  throw new errors.JWTClaimValidationFailed('"iat" is not a time in the past', payload, 'iat', 'check_failed');
}

/** The subject is checked where it is read: not every issuer calls it `sub`. */
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

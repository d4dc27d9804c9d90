import { createSecretKey, type KeyObject } from 'node:crypto';
import { errors, jwtVerify, type JWTVerifyGetKey, type JWTVerifyOptions } from 'jose';
import { z } from 'zod';
import type { GatewayConfig } from '../config/gateway-config.js';
import type { DecisionReason } from '../domain/decision-reason.js';
import { GatewayError } from '../domain/errors.js';
import type { Principal } from '../domain/principal.js';
import { KeysUnavailable, type RemoteKeys } from './jwks.js';
import { TokenCache } from './token-cache.js';

const ASYMMETRIC = ['RS256', 'ES256', 'EdDSA'];
const REFUSED = 'invalid or expired token';

/** The claims the gateway reads (RFC 9068 2.2); names and lists are bounded, the rest of a token is ignored. */
const Claims = z.object({
  iss: z.string().max(2048),
  sub: z.string().min(1).max(256),
  exp: z.number(),
  jti: z.string().max(256).default(''),
  tenant_id: z.string().max(128).default(''),
  roles: z.array(z.string().max(128)).max(100).default([]),
  permissions: z.array(z.string().max(128)).max(500).default([]),
});

/** Verifies access tokens locally; the signature of one token is checked once while it stays in the cache. */
export class JwtAuthenticator {
  readonly cache: TokenCache;
  private readonly secrets: readonly KeyObject[];
  private readonly options: JWTVerifyOptions;

  constructor(
    config: GatewayConfig['jwt'],
    private readonly keys: RemoteKeys | undefined,
  ) {
    this.cache = new TokenCache(config.cacheSize);
    this.secrets = [config.secret, config.secretPrevious].flatMap((text) =>
      text ? [createSecretKey(text, 'utf8')] : [],
    );
    this.options = {
      audience: config.audience,
      clockTolerance: config.clockToleranceMs / 1000,
      requiredClaims: ['exp', 'sub', 'iss', 'aud'],
      ...(config.issuer === undefined ? {} : { issuer: config.issuer }),
      ...(keys === undefined ? { algorithms: ['HS256'] } : { algorithms: ASYMMETRIC, typ: 'at+jwt' }),
    };
  }

  /** True once a key is at hand. */
  get ready(): boolean {
    return this.keys?.ready ?? true;
  }

  /** The caller behind a token. Rejects with UNAUTHENTICATED, or AUTH_UNAVAILABLE while no key is known. */
  async verify(token: string, cacheKey: string): Promise<Principal> {
    const principal = toPrincipal(await this.verifiedClaims(token).catch(toRefusal));
    this.cache.set(cacheKey, principal);
    return principal;
  }

  private async verifiedClaims(token: string): Promise<unknown> {
    if (this.keys !== undefined) {
      const resolve: JWTVerifyGetKey = (header, jws) => this.keys!.resolve(header, jws);
      return (await jwtVerify(token, resolve, this.options)).payload;
    }
    return this.verifiedBySecret(token);
  }

  /** The previous secret is tried only for a signature that the current one did not make. */
  private async verifiedBySecret(token: string): Promise<unknown> {
    let failure: unknown = new KeysUnavailable();
    for (const secret of this.secrets) {
      try {
        return (await jwtVerify(token, secret, this.options)).payload;
      } catch (error) {
        if (!(error instanceof errors.JWSSignatureVerificationFailed)) throw error;
        failure = error;
      }
    }
    throw failure;
  }
}

function toPrincipal(payload: unknown): Principal {
  const claims = Claims.safeParse(payload);
  if (!claims.success) throw refusal('MALFORMED_CREDENTIALS', claims.error);
  const { sub, tenant_id, iss, roles, permissions, exp, jti } = claims.data;
  return Object.freeze({
    subject: sub,
    tenantId: tenant_id,
    identityType: 'user',
    authMethod: 'jwt',
    issuer: iss,
    roles: Object.freeze(roles),
    permissions: Object.freeze(permissions),
    expiresAt: exp,
    tokenId: jti,
  } as const);
}

/** One body for every refusal: a client learns that its token is no good, the log learns why (SEC-6). */
export function refusal(reason: DecisionReason, cause?: unknown): GatewayError {
  return new GatewayError('UNAUTHENTICATED', REFUSED, {
    decisionReason: reason,
    cause: new Error(`jwt validation failed: ${reason}`, { cause }),
    headers: { 'www-authenticate': 'Bearer error="invalid_token"' },
  });
}

function toRefusal(error: unknown): never {
  if (error instanceof KeysUnavailable) {
    throw new GatewayError('AUTH_UNAVAILABLE', 'service unavailable: signing keys are not known yet', {
      decisionReason: 'AUTH_UPSTREAM_UNAVAILABLE',
      cause: error,
      retryAfterSeconds: 5,
    });
  }
  if (error instanceof errors.JOSEError) throw refusal(reasonOf(error), error);
  throw error;
}

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

function reasonOf(error: errors.JOSEError): DecisionReason {
  if (error instanceof errors.JWTClaimValidationFailed) return CLAIM_REASONS[error.claim] ?? 'MALFORMED_CREDENTIALS';
  return JOSE_REASONS[error.code] ?? 'MALFORMED_CREDENTIALS';
}

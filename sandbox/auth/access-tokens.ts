import { randomUUID } from 'node:crypto';
import { createLocalJWKSet, type JWTHeaderParameters, type JWTPayload, jwtVerify, SignJWT } from 'jose';
import type { User } from '../../src/gen/user/v1/user_pb.js';
import type { Wire } from '../backend/wire.js';
import { permissionsOf } from './permissions.js';
import { ALGORITHM, type SigningKeys } from './signing-keys.js';

/** Life of an access token in seconds. */
export const EXPIRES_IN = 900;
const AUDIENCE = 'api-gateway';
const TYPE = 'at+jwt';

/** Claims in place of the usual ones; one that is undefined is left out. */
export type ClaimOverrides = Readonly<Record<string, unknown>>;

/** Issues and checks RFC 9068 access tokens. */
export class AccessTokens {
  constructor(
    readonly issuer: string,
    private readonly keys: SigningKeys,
    /** Permissions of admins in addition to those of their role. */
    private readonly grants: readonly string[] = [],
  ) {}

  /** Returns the permissions of these roles. */
  permissionsOf(roles: readonly string[]): string[] {
    return [...permissionsOf(roles), ...(roles.includes('admin') ? this.grants : [])];
  }

  /** Signs a token for a user; the overrides make tokens that a test needs, good or bad. */
  issue(user: Wire<User>, claims: ClaimOverrides = {}, header: Partial<JWTHeaderParameters> = {}): Promise<string> {
    const { kid, privateKey } = this.keys.current;
    return new SignJWT({ ...this.#claimsOf(user), ...claims })
      .setProtectedHeader({ alg: ALGORITHM, typ: TYPE, kid, ...header })
      .sign(privateKey);
  }

  /** The claims of a token that this issuer signed and that is in force, else undefined. */
  async verify(token: string): Promise<JWTPayload | undefined> {
    const keys = createLocalJWKSet(this.keys.jwks());
    const rules = { issuer: this.issuer, audience: AUDIENCE, typ: TYPE, algorithms: [ALGORITHM] };
    return jwtVerify(token, keys, rules).then(
      ({ payload }) => payload,
      () => undefined,
    );
  }

  #claimsOf(user: Wire<User>): JWTPayload {
    const now = Math.floor(Date.now() / 1000);
    return {
      iss: this.issuer,
      aud: AUDIENCE,
      sub: user.id,
      client_id: 'sandbox',
      iat: now,
      exp: now + EXPIRES_IN,
      jti: randomUUID(),
      tenant_id: user.tenantId,
      roles: user.roles,
      permissions: this.permissionsOf(user.roles),
      // A counter that needs no storage: ending all tokens until now means asking for a later one.
      token_version: Date.now(),
    };
  }
}

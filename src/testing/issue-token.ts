import { createSecretKey, randomUUID } from 'node:crypto';
import { SignJWT } from 'jose';

/** Claims about the holder of a token. */
export interface TokenSubject {
  /** Default: `tester`. */
  readonly subject?: string;
  /** Default: `acme`. */
  readonly tenant?: string;
  readonly permissions?: readonly string[];
  readonly roles?: readonly string[];
  /** Seconds until it expires; default 3600. */
  readonly expiresIn?: number;
  /** Additional claims, which override those above; undefined ones are left out. */
  readonly claims?: Readonly<Record<string, unknown>>;
}

/** Settings of the gateway for its tokens: JWT_SECRET, JWT_AUDIENCE and JWT_ISSUER. */
export interface TokenIssuer {
  /** At least 32 bytes. */
  readonly secret: string;
  /** Default: `api-gateway`, as in the gateway. */
  readonly audience?: string;
  /** Default: a name that identifies this function; a gateway without JWT_ISSUER accepts any. */
  readonly issuer?: string | undefined;
}

const HOUR_SECONDS = 3_600;

/** Signs an access token (RFC 9068) with the secret of a gateway, for tests. */
export function issueToken(
  { secret, audience = 'api-gateway', issuer = 'gateway-token-issue' }: TokenIssuer,
  subject: TokenSubject = {},
): Promise<string> {
  const now = Math.floor(Date.now() / 1000);
  const claims = {
    iss: issuer,
    aud: audience,
    sub: subject.subject ?? 'tester',
    tenant_id: subject.tenant ?? 'acme',
    permissions: subject.permissions ?? [],
    roles: subject.roles ?? [],
    iat: now,
    exp: now + (subject.expiresIn ?? HOUR_SECONDS),
    jti: randomUUID(),
    ...subject.claims,
  };
  return new SignJWT(claims).setProtectedHeader({ alg: 'HS256', typ: 'at+jwt' }).sign(createSecretKey(secret, 'utf8'));
}

import { createSecretKey, randomUUID } from 'node:crypto';
import { SignJWT } from 'jose';

/** What a token says of its holder. */
export interface TokenSubject {
  /** Default: `tester`. */
  readonly subject?: string;
  /** Default: `acme`. */
  readonly tenant?: string;
  readonly permissions?: readonly string[];
  readonly roles?: readonly string[];
  /** Seconds until it expires; default 3600. */
  readonly expiresIn?: number;
  /** Claims in addition, or in place of those above; one that is undefined is left out. */
  readonly claims?: Readonly<Record<string, unknown>>;
}

/** What a gateway expects of its tokens: JWT_SECRET, JWT_AUDIENCE and JWT_ISSUER. */
export interface TokenIssuer {
  /** At least 32 bytes. */
  readonly secret: string;
  /** Default: `api-gateway`, as the gateway's. */
  readonly audience?: string;
  /** Default: a name that says where the token is from; a gateway without JWT_ISSUER takes any. */
  readonly issuer?: string | undefined;
}

const HOUR_SECONDS = 3_600;

/** Signs an access token (RFC 9068) with the secret of a gateway, for tests and for trying things out. */
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

import { lowerAscii } from '../domain/header-text.js';
import { readSessionCookie } from './session-cookie.js';

/** Longest Authorization value that is looked at; the server's header limit may lie above it. */
const MAX_AUTHORIZATION_LENGTH = 8192;
/** Longest opaque token or API key. */
const MAX_OPAQUE_LENGTH = 1024;

/** Anchored and without overlapping classes, so linear in its input, unlike the extractors in circulation (RFC 6750 2.1, RFC 7515 3.1). */
const BEARER_JWT = /^Bearer ([A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+)$/i;
/** RFC 6750 b64token, without a point in front: that is a JWT whose header was lost. */
const OPAQUE = /^[A-Za-z0-9_+/-][A-Za-z0-9._~+/-]*=*$/;
/** How a JOSE header begins: what does so is a token or a damaged one, and no business of AuthService. */
const JOSE_BEGINNING = 'eyJ';

/** The headers that may hold a credential, as Node gives them. */
export interface CredentialHeaders {
  readonly authorization?: string | undefined;
  readonly 'x-api-key'?: string | readonly string[] | undefined;
  readonly cookie?: string | undefined;
}

/** One credential, in a form that is worth a check. */
export type PresentedCredential =
  | { readonly kind: 'jwt' | 'session' | 'certificate'; readonly value: string }
  | { readonly kind: 'opaque' | 'api_key'; readonly value: string };

/** What a request says of who it comes from; `several` is refused, since two readers of it could disagree. */
export type Credential = PresentedCredential | { readonly kind: 'none' | 'malformed' | 'several' };

const NONE: Credential = { kind: 'none' };
const MALFORMED: Credential = { kind: 'malformed' };
const SEVERAL: Credential = { kind: 'several' };

/** Reads the credential of a request. The one place that looks for it. */
export function readCredential(headers: CredentialHeaders): Credential {
  const authorization = headers.authorization || undefined;
  const apiKey = headers['x-api-key'];
  const session = headers.cookie === undefined ? undefined : readSessionCookie(headers.cookie);
  if (authorization !== undefined) {
    return apiKey === undefined && session === undefined ? readAuthorization(authorization) : SEVERAL;
  }
  if (apiKey !== undefined) return session === undefined ? readApiKey(apiKey) : SEVERAL;
  if (session === undefined) return NONE;
  return session === '' ? MALFORMED : { kind: 'session', value: session };
}

function readAuthorization(authorization: string): Credential {
  if (authorization.length > MAX_AUTHORIZATION_LENGTH) return MALFORMED;
  const token = BEARER_JWT.exec(authorization)?.[1];
  if (token !== undefined) return { kind: 'jwt', value: token };
  if (lowerAscii(authorization.slice(0, 7)) !== 'bearer ') return MALFORMED;
  const value = authorization.slice(7);
  return isOpaque(value) && !value.startsWith(JOSE_BEGINNING) ? { kind: 'opaque', value } : MALFORMED;
}

/** Node joins repeated headers with a comma, which no key may hold. */
function readApiKey(value: string | readonly string[]): Credential {
  return typeof value === 'string' && isOpaque(value) ? { kind: 'api_key', value } : MALFORMED;
}

function isOpaque(value: string): boolean {
  return value.length <= MAX_OPAQUE_LENGTH && OPAQUE.test(value);
}

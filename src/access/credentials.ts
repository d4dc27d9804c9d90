import { lowerAscii } from '../domain/header-text.js';
import { readSessionCookie } from './cookie-header.js';
import { verifiedCertificate } from './client-certificates.js';
import type { CredentialHeaders, GuardedRequest } from './gateway-guard.js';
import { missingCredentials, refusal, severalCredentials } from './refusal.js';

/** Longest accepted Authorization value; the server's header limit may be higher. */
const MAX_AUTHORIZATION_LENGTH = 8192;
/** Longest opaque token or API key. */
const MAX_OPAQUE_LENGTH = 1024;

/** Matches in linear time: anchored, without overlapping classes (RFC 6750 2.1, RFC 7515 3.1). */
const BEARER_JWT = /^Bearer ([A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+)$/i;
/** Matches a b64token (RFC 6750 2.1) that does not begin with a dot, which would be a JWT without its header. */
const OPAQUE = /^[A-Za-z0-9_+/-][A-Za-z0-9._~+/-]*=*$/;
/** Beginning of a JOSE header: such a value is a JWT or a damaged one, and is never sent to AuthService. */
const JOSE_BEGINNING = 'eyJ';

/** Credential of valid form. */
export type PresentedCredential =
  | { readonly kind: 'jwt' | 'session' | 'certificate'; readonly value: string }
  | { readonly kind: 'opaque' | 'api_key'; readonly value: string };

/** Credential of a request; `several` is rejected, since two readers of the request could choose differently. */
export type Credential = PresentedCredential | { readonly kind: 'none' | 'malformed' | 'several' };

const NONE: Credential = { kind: 'none' };
const MALFORMED: Credential = { kind: 'malformed' };
const SEVERAL: Credential = { kind: 'several' };

/** Reads the credential of a request. No other code reads credentials from headers. */
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

/** Rejects a comma, with which Node joins repeated headers. */
function readApiKey(value: string | readonly string[]): Credential {
  return typeof value === 'string' && isOpaque(value) ? { kind: 'api_key', value } : MALFORMED;
}

function isOpaque(value: string): boolean {
  return value.length <= MAX_OPAQUE_LENGTH && OPAQUE.test(value);
}

type Sent = Pick<GuardedRequest, 'headers' | 'socket'>;

/**
 * Reads the credential of a request: the one in its headers, or else the certificate of its connection, which
 * identifies the client and not the user on whose behalf it calls.
 */
export function credentialOf({ headers, socket }: Sent): Credential {
  const credential = readCredential(headers);
  if (credential.kind !== 'none') return credential;
  const value = verifiedCertificate(socket);
  return value === undefined ? credential : { kind: 'certificate', value };
}

/** Reads the credential of a request. Throws UNAUTHENTICATED if there is none, several, or a malformed one. */
export function presentedCredential(request: Sent): PresentedCredential {
  const credential = credentialOf(request);
  switch (credential.kind) {
    case 'none':
      throw missingCredentials();
    case 'malformed':
      throw refusal('MALFORMED_CREDENTIALS');
    case 'several':
      throw severalCredentials();
    default:
      return credential;
  }
}

import type { Access } from '../../domain/policy.js';
import type { JsonObject } from './json.js';

/** Credentials that a gateway accepts in addition to bearer tokens. */
export interface AcceptedCredentials {
  /** True if AuthService is present to check API keys. */
  readonly apiKeys: boolean;
  /** Name of the session cookie; undefined without single sign-on. */
  readonly sessionCookie: string | undefined;
}

/** Methods for which a session cookie is sufficient (RFC 9110 9.2.1). */
const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS']);

/** Returns the security schemes of the document. */
export function securitySchemes({ apiKeys, sessionCookie }: AcceptedCredentials): JsonObject {
  const session = 'Signed in at the identity provider: begin at `/auth/login`. Browsers send the cookie by themselves.';
  const csrf = 'The value `1`, beside the cookie, for whatever is not read: a foreign page cannot send it.';
  return {
    bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT', description: 'An access token.' },
    ...(apiKeys && {
      apiKey: { type: 'apiKey', in: 'header', name: 'X-API-Key', description: 'A key of a service.' },
    }),
    ...(sessionCookie !== undefined && {
      session: { type: 'apiKey', in: 'cookie', name: sessionCookie, description: session },
      csrf: { type: 'apiKey', in: 'header', name: 'X-CSRF', description: csrf },
    }),
  };
}

/** Returns the credentials of which an operation requires one; an empty list means that no credential is required. */
export function acceptedBy(
  access: Access,
  verb: string,
  { apiKeys, sessionCookie }: AcceptedCredentials,
): JsonObject[] {
  if (access === 'OPEN') return [];
  const session = SAFE_METHODS.has(verb) ? { session: [] } : { session: [], csrf: [] };
  return [{ bearer: [] }, ...(apiKeys ? [{ apiKey: [] }] : []), ...(sessionCookie === undefined ? [] : [session])];
}

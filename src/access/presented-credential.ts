import { verifiedCertificate } from './client-certificates.js';
import { type Credential, type PresentedCredential, readCredential } from './credentials.js';
import type { GuardedRequest } from './guarded-request.js';
import { missingCredentials, refusal, severalCredentials } from './refusal.js';

type Sent = Pick<GuardedRequest, 'headers' | 'socket'>;

/**
 * Reads the credential of a request: the one in its headers, or else the certificate of its connection, which says who
 * connected and not on whose behalf.
 */
export function credentialOf({ headers, socket }: Sent): Credential {
  const credential = readCredential(headers);
  if (credential.kind !== 'none') return credential;
  const value = verifiedCertificate(socket);
  return value === undefined ? credential : { kind: 'certificate', value };
}

/** Reads the one credential of a request. Throws what its client is refused with where there is none, several, or one that cannot be read. */
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

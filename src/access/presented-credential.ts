import { verifiedCertificate } from './client-certificates.js';
import { type Credential, type PresentedCredential, readCredential } from './credentials.js';
import type { GuardedRequest } from './guarded-request.js';
import { missingCredentials, refusal, severalCredentials } from './refusal.js';

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

import { type CredentialHeaders, type PresentedCredential, readCredential } from './credentials.js';
import { missingCredentials, refusal, severalCredentials } from './refusal.js';

/** Reads the one credential of a request. Throws what its client is refused with where there is none, several, or one that cannot be read. */
export function presentedCredential(headers: CredentialHeaders): PresentedCredential {
  const credential = readCredential(headers);
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

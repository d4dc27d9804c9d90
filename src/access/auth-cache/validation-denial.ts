import type { GatewayError } from '../../domain/errors.js';
import { authUnavailable, refusal } from '../refusal.js';
import { isUnreadableCredential } from './refresh-failure.js';

/** Returns the response for an unknown credential when AuthService could not validate it. */
export function toDenial(error: unknown): GatewayError {
  if (isUnreadableCredential(error)) return refusal('MALFORMED_CREDENTIALS', error);
  return authUnavailable('the credential cannot be checked at present', error);
}

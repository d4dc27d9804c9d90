import { authUnavailable } from '../access/refusal.js';
import type { DecisionReason } from '../domain/decision-reason.js';
import { GatewayError } from '../domain/errors.js';
import { RedisUnavailable } from '../redis/redis-error.js';
import { CLEAR_SESSION_COOKIE } from './cookies.js';

/**
 * There is no session behind a cookie, or no longer: the browser forgets it and signs in again.
 * @param keepsCookie leaves the browser's cookie alone: it may hold another session by now.
 */
export function sessionOver(
  reason: Extract<DecisionReason, 'SESSION_INVALID' | 'SESSION_ENDED'>,
  { cause, keepsCookie = false }: { readonly cause?: unknown; readonly keepsCookie?: boolean } = {},
): GatewayError {
  return new GatewayError('UNAUTHENTICATED', 'The session has ended: sign in again.', {
    decisionReason: reason,
    cause: cause ?? new Error(`no session: ${reason}`),
    headers: { 'www-authenticate': 'Bearer', ...(keepsCookie ? {} : { 'set-cookie': CLEAR_SESSION_COOKIE }) },
  });
}

/** Runs work on the store: one that does not answer is a 503, and no cookie is touched. */
export async function withStore<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof RedisUnavailable) throw authUnavailable('sessions cannot be read at present', error);
    throw error;
  }
}

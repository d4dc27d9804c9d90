import { authUnavailable } from '../access/refusal.js';
import type { DecisionReason } from '../domain/decision-reason.js';
import { GatewayError } from '../domain/errors.js';
import { RedisUnavailable } from '../redis/redis-error.js';
import { CLEAR_SESSION_COOKIE } from './cookies.js';

/**
 * Creates the error of a session that does not exist or has ended: the browser deletes its cookie and signs in again.
 * @param keepsCookie leaves the cookie unchanged: it may hold a newer session.
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

/** Runs an operation of the store. A failure becomes a 503 that leaves cookies unchanged. */
export async function withStore<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof RedisUnavailable) throw authUnavailable('sessions cannot be read at present', error);
    throw error;
  }
}

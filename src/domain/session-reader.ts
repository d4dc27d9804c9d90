import type { CallContext } from './call-context.js';
import type { Principal } from './principal.js';

/** Whether a request counts as activity of the user, or only reads the session. */
export type SessionPurpose = 'use' | 'peek';

/**
 * Reads the browser session behind a cookie. Used by access, implemented by sso; a class so that it is its own
 * injection token.
 */
export abstract class SessionReader {
  /**
   * Resolves to the caller of a session, whose access token is refreshed when it has expired. Rejects with
   * UNAUTHENTICATED (SESSION_INVALID, SESSION_ENDED) or, when the store or AuthService is unavailable,
   * AUTH_UNAVAILABLE.
   * @param purpose a `use` restarts the idle time of the session, a `peek` does not.
   */
  abstract read(sessionId: string, call: CallContext, purpose: SessionPurpose): Promise<Principal>;

  /**
   * Resolves to whether each of these sessions still exists, in their order. Does not extend them. Rejects when the
   * store is unavailable.
   */
  abstract areLive(sessionIds: readonly string[]): Promise<readonly boolean[]>;
}

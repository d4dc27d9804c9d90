import type { CallContext } from './call-context.js';
import type { Principal } from './principal.js';

/** Whether a request shows that somebody is there, or only asks. */
export type SessionPurpose = 'use' | 'peek';

/** Reads the browser session behind a cookie. Asked for by access, filled by sso; a class so that it is its own injection token. */
export abstract class SessionReader {
  /**
   * The caller of a session, its access token refreshed when it had run out.
   * Rejects with UNAUTHENTICATED (SESSION_INVALID, SESSION_ENDED) or, when the store or AuthService cannot say, AUTH_UNAVAILABLE.
   * @param purpose a `use` begins the idle time of the session anew, a `peek` does not.
   */
  abstract read(sessionId: string, call: CallContext, purpose: SessionPurpose): Promise<Principal>;

  /** Whether each of these sessions still exists, in their order. Does not prolong them. Rejects when the store cannot say. */
  abstract areLive(sessionIds: readonly string[]): Promise<readonly boolean[]>;
}

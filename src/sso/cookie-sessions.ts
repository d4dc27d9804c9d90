import type { CallContext } from '../domain/call-context.js';
import { GatewayError } from '../domain/errors.js';
import type { Principal } from '../domain/principal.js';
import { type SessionPurpose, SessionReader } from '../domain/session-reader.js';
import type { JwtAuthenticator } from '../access/jwt-authenticator.js';
import { TokenCache } from '../access/token-cache.js';
import { sessionOver, withStore } from './session-errors.js';
import type { SessionRecord } from './session-record.js';
import type { SessionRenewal } from './session-renewal.js';
import type { Sessions } from './sessions.js';
import type { Clock } from './steady-clock.js';

/**
 * Reads sessions for the guards. The store is asked for each request, so that a session that ended elsewhere ends here;
 * its access token is verified like a bearer token, so that the identity is never older than that token.
 */
export class CookieSessions extends SessionReader {
  constructor(
    private readonly sessions: Sessions,
    private readonly renewal: SessionRenewal,
    private readonly principals: SessionPrincipals,
    private readonly now: Clock,
  ) {
    super();
  }

  override async read(sessionId: string, call: CallContext, purpose: SessionPurpose): Promise<Principal> {
    const record = await withStore(this.recordOf(sessionId, purpose));
    if (record === undefined) throw await this.noSession(sessionId);
    if (record.accessExpiresAt <= this.now()) return this.readRenewed(sessionId, record, call);
    if (record.renewAt <= this.now()) this.renewal.ahead(sessionId, record, call);
    try {
      return await this.principals.of(record);
    } catch (error) {
      if (!isRefusal(error)) throw error;
      // Its key may have been withdrawn, or clocks may differ: AuthService decides whether the session is valid.
      return this.readRenewed(sessionId, record, call);
    }
  }

  override areLive(sessionIds: readonly string[]): Promise<readonly boolean[]> {
    return this.sessions.areLive(sessionIds);
  }

  private async readRenewed(sessionId: string, record: SessionRecord, call: CallContext): Promise<Principal> {
    const renewed = await this.renewal.renew(sessionId, record, call);
    try {
      return await this.principals.of(renewed);
    } catch (error) {
      // The session still exists, so the browser keeps its cookie: the cause, such as a wrong clock, may pass.
      throw isRefusal(error) ? sessionOver('SESSION_INVALID', { cause: error, keepsCookie: true }) : error;
    }
  }

  private async recordOf(sessionId: string, purpose: SessionPurpose): Promise<SessionRecord | undefined> {
    return purpose === 'use' ? this.sessions.find(sessionId) : (await this.sessions.peek(sessionId))?.record;
  }

  private async noSession(sessionId: string): Promise<GatewayError> {
    const keepsCookie = await withStore(this.sessions.isSuperseded(sessionId));
    return sessionOver('SESSION_INVALID', { keepsCookie });
  }
}

function isRefusal(error: unknown): boolean {
  return error instanceof GatewayError && error.code === 'UNAUTHENTICATED';
}

/** Returns the callers of sessions from their access tokens. */
export class SessionPrincipals {
  /** One object per verified token, since decisions are cached by it. */
  private readonly known = new WeakMap<Principal, Principal>();

  /** @param maxAgeMs maximum lifetime of a session. */
  constructor(
    private readonly authenticator: JwtAuthenticator,
    private readonly maxAgeMs: number,
  ) {}

  /** Verifies the access token like any bearer token, with the same cache. Rejects like the authenticator. */
  async of({ accessToken, createdAt }: Pick<SessionRecord, 'accessToken' | 'createdAt'>): Promise<Principal> {
    const key = TokenCache.key(accessToken);
    const verified = this.authenticator.cache.get(key) ?? (await this.authenticator.verify(accessToken, key));
    let principal = this.known.get(verified);
    if (principal === undefined) {
      const sessionEndsAt = (createdAt + this.maxAgeMs) / 1000;
      principal = Object.freeze({ ...verified, authMethod: 'session', sessionEndsAt } as const);
      this.known.set(verified, principal);
    }
    return principal;
  }
}

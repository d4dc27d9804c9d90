import { decodeJwt } from 'jose';
import type { Logger } from 'pino';
import type { CallContext } from '../domain/call-context.js';
import type { Principal } from '../domain/principal.js';
import type { Revocations } from '../domain/revocation.js';
import type { AuthService } from './auth-service.js';
import { endAtProvider, type LogoutFinding } from './provider-logout.js';
import { withStore } from './session-errors.js';
import type { SessionRecord } from './session-record.js';
import type { ProviderLogout } from './session-registry.js';
import type { Sessions } from './sessions.js';

interface SignOutParts {
  readonly sessions: Sessions;
  readonly auth: AuthService;
  readonly revocations: Revocations | undefined;
  readonly logger: Logger;
}

/** Tokens of a session. */
type SessionTokens = Pick<SessionRecord, 'subject' | 'tenantId' | 'accessToken' | 'refreshToken' | 'accessExpiresAt'>;

/** Ends sessions and revokes their tokens. */
export class SignOut {
  constructor(private readonly parts: SignOutParts) {}

  /** Ends the session of a cookie and its tokens. Rejects with AUTH_UNAVAILABLE when the store does not respond. */
  async end(sessionId: string, call: CallContext): Promise<void> {
    const record = await withStore(this.parts.sessions.end(sessionId));
    if (record !== undefined) await this.endTokens(record, call);
  }

  /** Ends, in the background, the session that a new sign-in replaces. Nothing depends on the outcome. */
  supersede(sessionId: string, call: CallContext): void {
    const ended = this.parts.sessions.supersede(sessionId);
    ended.then((record) => record && this.endTokens(record, call)).catch((error: unknown) => this.warn(error, call));
  }

  /**
   * Ends the sessions that a provider names. Rejects with AUTH_UNAVAILABLE when the store fails before all of them have
   * ended.
   */
  async endAt(logout: ProviderLogout, call: CallContext): Promise<LogoutFinding> {
    const ended: SessionRecord[] = [];
    try {
      return await withStore(endAtProvider(this.parts.sessions, logout, (record) => ended.push(record)));
    } finally {
      void this.endAllTokens(ended, call);
    }
  }

  /**
   * Revokes tokens one after the other, so that a user with many sessions does not flood AuthService. Never rejects.
   */
  async endAllTokens(records: readonly SessionTokens[], call: CallContext): Promise<void> {
    for (const record of records) await this.endTokens(record, call);
  }

  /** Revokes the tokens at AuthService and in all gateways. Never rejects: the user is signed out already. */
  private async endTokens(tokens: SessionTokens, call: CallContext): Promise<void> {
    try {
      await Promise.all([this.parts.auth.logout(call, holderOf(tokens), tokens.refreshToken), this.revoke(tokens)]);
    } catch (error) {
      this.warn(error, call);
    }
  }

  private async revoke({ accessToken, accessExpiresAt }: SessionTokens): Promise<void> {
    const { jti, exp } = decodeJwt(accessToken);
    if (jti !== undefined) await this.parts.revocations?.revoke(jti, exp ?? accessExpiresAt / 1000);
  }

  private warn(error: unknown, { requestId }: CallContext): void {
    this.parts.logger.warn({ err: error, request_id: requestId }, 'session_tokens_not_ended');
  }
}

/** Returns the principal for which AuthService is called if the access token has expired. */
function holderOf({ subject, tenantId, accessExpiresAt }: SessionTokens): Principal {
  return {
    subject,
    tenantId,
    identityType: 'user',
    authMethod: 'session',
    issuer: '',
    roles: [],
    permissions: [],
    expiresAt: accessExpiresAt / 1000,
    tokenId: '',
  };
}

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

/** The tokens of a session. */
type SessionTokens = Pick<SessionRecord, 'subject' | 'tenantId' | 'accessToken' | 'refreshToken' | 'accessExpiresAt'>;

/** Ends sessions, and makes worthless what they held. */
export class SignOut {
  constructor(private readonly parts: SignOutParts) {}

  /** Ends the session of a cookie, and its tokens. Rejects with AUTH_UNAVAILABLE when the store does not answer. */
  async end(sessionId: string, call: CallContext): Promise<void> {
    const record = await withStore(this.parts.sessions.end(sessionId));
    if (record !== undefined) await this.endTokens(record, call);
  }

  /** Ends the session that a new sign-in takes the place of. Nobody waits for it, and nothing depends on it. */
  supersede(sessionId: string, call: CallContext): void {
    const ended = this.parts.sessions.supersede(sessionId);
    ended.then((record) => record && this.endTokens(record, call)).catch((error: unknown) => this.warn(error, call));
  }

  /** Ends what a provider asks for. Rejects with AUTH_UNAVAILABLE when the store fails before all of it has ended. */
  async endAt(logout: ProviderLogout, call: CallContext): Promise<LogoutFinding> {
    const ended: SessionRecord[] = [];
    try {
      return await withStore(endAtProvider(this.parts.sessions, logout, (record) => ended.push(record)));
    } finally {
      void this.endAllTokens(ended, call);
    }
  }

  /** One after the other, so that a person with many sessions does not flood AuthService. Never rejects. */
  async endAllTokens(records: readonly SessionTokens[], call: CallContext): Promise<void> {
    for (const record of records) await this.endTokens(record, call);
  }

  /** At AuthService and in all gateways. Never rejects: the person is signed out already. */
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

/** In whose name AuthService is called when the access token is too old to say so. */
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

import { decodeJwt } from 'jose';
import type { Logger } from 'pino';
import type { CallContext } from '../domain/call-context.js';
import type { Principal } from '../domain/principal.js';
import type { Revocations } from '../domain/revocation.js';
import type { AuthService } from './auth-service.js';
import { withStore } from './session-errors.js';
import type { SessionRecord } from './session-record.js';
import type { ProviderLogout, Sessions } from './sessions.js';

interface SignOutParts {
  readonly sessions: Sessions;
  readonly auth: AuthService;
  readonly revocations: Revocations | undefined;
  readonly logger: Logger;
}

/** Ends sessions, and makes worthless what they held. */
export class SignOut {
  constructor(private readonly parts: SignOutParts) {}

  /** Ends the session of a cookie, and its tokens; gives what it was. Rejects with AUTH_UNAVAILABLE when the store does not answer. */
  async end(sessionId: string | undefined, call: CallContext): Promise<SessionRecord | undefined> {
    const record = sessionId ? await withStore(this.parts.sessions.end(sessionId)) : undefined;
    if (record !== undefined) await this.endTokens(record, call);
    return record;
  }

  /** Ends the session that a new sign-in takes the place of. Nobody waits for it, and nothing depends on it. */
  replace(sessionId: string | undefined, call: CallContext): void {
    this.end(sessionId, call).catch((error: unknown) => this.warn(error, call));
  }

  /** Ends what a provider asks for. False when it speaks of nothing that was ever known here. */
  async endAt(logout: ProviderLogout, call: CallContext): Promise<boolean> {
    const ended = await withStore(this.parts.sessions.endAt(logout));
    for (const record of ended ?? []) void this.endTokens(record, call);
    return ended !== undefined;
  }

  /** At AuthService and in all gateways. Never rejects: the person is signed out already. */
  private async endTokens(record: SessionRecord, call: CallContext): Promise<void> {
    try {
      await Promise.all([this.parts.auth.logout(call, holderOf(record), record.refreshToken), this.revoke(record)]);
    } catch (error) {
      this.warn(error, call);
    }
  }

  private async revoke({ accessToken, accessExpiresAt }: SessionRecord): Promise<void> {
    const { jti, exp } = decodeJwt(accessToken);
    if (jti !== undefined) await this.parts.revocations?.revoke(jti, exp ?? accessExpiresAt / 1000);
  }

  private warn(error: unknown, { requestId }: CallContext): void {
    this.parts.logger.warn({ err: error, request_id: requestId }, 'session_tokens_not_ended');
  }
}

/** In whose name AuthService is called when the access token is too old to say so. */
function holderOf({ subject, tenantId, accessExpiresAt }: SessionRecord): Principal {
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

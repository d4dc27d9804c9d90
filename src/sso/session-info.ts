import type { Principal } from '../domain/principal.js';
import { sessionOver, withStore } from './session-errors.js';
import type { Sessions } from './sessions.js';

/** Describes a session to a page: identity and lifetime, without tokens. */
export class SessionInfo {
  constructor(
    private readonly sessions: Sessions,
    private readonly limits: { readonly sessionIdleMs: number; readonly sessionMaxAgeMs: number },
    private readonly basePath: string,
  ) {}

  async describe(sessionId: string, { subject, tenantId, roles, permissions }: Principal): Promise<object> {
    const session = await withStore(this.sessions.peek(sessionId));
    if (session === undefined) throw sessionOver('SESSION_ENDED');
    const { provider, createdAt } = session.record;
    return {
      subject,
      tenantId,
      roles,
      permissions,
      provider,
      createTime: new Date(createdAt).toISOString(),
      expireTime: new Date(createdAt + this.limits.sessionMaxAgeMs).toISOString(),
      idleTimeoutSeconds: this.limits.sessionIdleMs / 1000,
      idleSecondsLeft: Math.floor(session.idleEndsInMs / 1000),
      logoutUrl: `${this.basePath}/auth/logout`,
    };
  }
}

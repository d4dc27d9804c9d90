import type { JwtAuthenticator } from '../access/jwt-authenticator.js';
import { TokenCache } from '../access/token-cache.js';
import type { Principal } from '../domain/principal.js';
import type { SessionRecord } from './session-record.js';

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

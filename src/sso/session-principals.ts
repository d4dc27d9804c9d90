import type { JwtAuthenticator } from '../access/jwt-authenticator.js';
import { TokenCache } from '../access/token-cache.js';
import type { Principal } from '../domain/principal.js';
import type { SessionRecord } from './session-record.js';

/** The caller behind an access token that a session holds. */
export class SessionPrincipals {
  /** One object per verified token: decisions are remembered by it. */
  private readonly known = new WeakMap<Principal, Principal>();

  /** @param maxAgeMs longest life of a session. */
  constructor(
    private readonly authenticator: JwtAuthenticator,
    private readonly maxAgeMs: number,
  ) {}

  /** Verified like any bearer token, from the same cache. Rejects as the authenticator does. */
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

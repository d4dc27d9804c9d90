import type { JwtAuthenticator } from '../access/jwt-authenticator.js';
import { TokenCache } from '../access/token-cache.js';
import type { Principal } from '../domain/principal.js';

/** The caller behind an access token that a session holds. */
export class SessionPrincipals {
  /** One object per verified token: decisions are remembered by it. */
  private readonly known = new WeakMap<Principal, Principal>();

  constructor(private readonly authenticator: JwtAuthenticator) {}

  /** Verified like any bearer token, from the same cache. Rejects as the authenticator does. */
  async of(accessToken: string): Promise<Principal> {
    const key = TokenCache.key(accessToken);
    const verified = this.authenticator.cache.get(key) ?? (await this.authenticator.verify(accessToken, key));
    let principal = this.known.get(verified);
    if (principal === undefined) {
      principal = Object.freeze({ ...verified, authMethod: 'session' } as const);
      this.known.set(verified, principal);
    }
    return principal;
  }
}

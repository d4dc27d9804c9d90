import type { Principal } from '../domain/principal.js';
import type { JwtStrategy } from './jwt/jwt.strategy.js';
import { toRefusal } from './jwt/jwt-refusal.js';
import type { SigningKeys } from './jwt/signing-keys.js';
import { TokenCache } from './token-cache.js';

/** Verifies access tokens locally; the signature of one token is checked once while it stays in the cache. */
export class JwtAuthenticator {
  /**
   * @param keys tells when tokens can be verified.
   * @param cache is emptied by it when an issuer withdraws a key.
   */
  constructor(
    private readonly strategy: JwtStrategy,
    private readonly keys: SigningKeys,
    readonly cache: TokenCache,
  ) {}

  /** True once a key is at hand. */
  get ready(): boolean {
    return this.keys.ready;
  }

  /** The caller behind a token. Rejects with UNAUTHENTICATED, or AUTH_UNAVAILABLE while no key can be trusted. */
  async verify(token: string, cacheKey = TokenCache.key(token)): Promise<Principal> {
    const { generation } = this.cache;
    try {
      const principal = await this.strategy.authenticateToken(token);
      this.cache.set(cacheKey, principal, generation);
      return principal;
    } catch (error) {
      throw toRefusal(error);
    }
  }
}

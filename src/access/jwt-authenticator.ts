import type { Principal } from '../domain/principal.js';
import type { JwtStrategy } from './jwt/jwt.strategy.js';
import { toRefusal } from './jwt/jwt-refusal.js';
import type { SigningKeys } from './jwt/signing-keys.js';
import { TokenCache } from './token-cache.js';

/** Verifies access tokens locally; the signature of a token is verified once while the token is cached. */
export class JwtAuthenticator {
  /**
   * @param keys tells when tokens can be verified.
   * @param cache is cleared when an issuer withdraws a key.
   */
  constructor(
    private readonly strategy: JwtStrategy,
    private readonly keys: SigningKeys,
    readonly cache: TokenCache,
  ) {}

  /** True once signing keys are available. */
  get ready(): boolean {
    return this.keys.ready;
  }

  /**
   * Returns the caller of a token. Rejects with UNAUTHENTICATED, or with AUTH_UNAVAILABLE while no signing key can be
   * trusted.
   */
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

/** How a credential was presented and checked. */
export type AuthMethod = 'none' | 'jwt' | 'opaque' | 'api_key' | 'session' | 'certificate';

/** A verified caller. Made by an authenticator, frozen, shared by all requests of the same credential. */
export interface Principal {
  readonly subject: string;
  readonly tenantId: string;
  readonly identityType: 'user' | 'service';
  readonly authMethod: AuthMethod;
  readonly issuer: string;
  readonly roles: readonly string[];
  /**
   * What the credential allows. An empty list allows nothing; undefined means that the credential does not say, so that
   * AuthService is asked. Never read undefined as more than an empty list without asking.
   */
  readonly permissions: readonly string[] | undefined;
  /** Unix seconds after which the credential itself is void; Infinity when it has no end. */
  readonly expiresAt: number;
  /** RFC 7519 `jti`, empty when the credential has none. */
  readonly tokenId: string;
  /** Claim `token_version`: void once AuthService asks for a higher one of this subject or tenant. Absent counts as 0. */
  readonly tokenVersion?: number;
  /** The issuer may speak for some tenants only: none of the permissions reaches across tenants, whoever grants them. */
  readonly tenantBound?: true;
  /** Unix seconds at which the browser session ends, however much it is used; only of a session. */
  readonly sessionEndsAt?: number;
}

/** Kind of credential by which a caller was authenticated. */
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
   * Permissions of the credential. An empty list allows nothing; undefined means that the credential does not contain
   * permissions, so that AuthService is asked. Undefined must not be read as more than an empty list without asking.
   */
  readonly permissions: readonly string[] | undefined;
  /** Unix seconds after which the credential itself is void; Infinity when it has no end. */
  readonly expiresAt: number;
  /** RFC 7519 `jti`, empty when the credential has none. */
  readonly tokenId: string;
  /**
   * Claim `token_version`: invalid once AuthService requires a higher one for this subject or tenant. Absent counts as
   * 0.
   */
  readonly tokenVersion?: number;
  /**
   * True if the issuer is trusted for some tenants only: none of the permissions reaches other tenants, whoever grants
   * them.
   */
  readonly tenantBound?: true;
  /** Unix seconds at which the browser session ends, however much it is used; only for sessions. */
  readonly sessionEndsAt?: number;
}

/** OpenID Connect identity provider for browser sign-in. */
export interface SsoProviderConfig {
  /** Name in `/auth/<name>/login` and towards AuthService. */
  readonly name: string;
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string;
}

/** Single sign-on and browser sessions. */
export interface SsoConfig {
  /** Providers by name. Empty: the routes of sign-in and session do not exist. */
  readonly providers: ReadonlyMap<string, SsoProviderConfig>;
  readonly sessionIdleMs: number;
  readonly sessionMaxAgeMs: number;
  /** Key material; undefined: a new key at each start. */
  readonly sessionKey: string | undefined;
  readonly sessionKeyPrevious: string | undefined;
}

/** An identity provider that browsers sign in at. */
export interface SsoProviderConfig {
  /** The word in `/auth/<name>/login`, and what AuthService knows it by. */
  readonly name: string;
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string;
}

/** Single sign-on and the sessions that it begins. */
export interface SsoConfig {
  /** By name. None: the routes of sign-in and session do not exist. */
  readonly providers: ReadonlyMap<string, SsoProviderConfig>;
  readonly sessionIdleMs: number;
  readonly sessionMaxAgeMs: number;
  /** Text that keys are derived from; undefined: a new one at each start. */
  readonly sessionKey: string | undefined;
  readonly sessionKeyPrevious: string | undefined;
}

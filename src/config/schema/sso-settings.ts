import { z } from 'zod';
import { defaulted, type Kind, type Known, optional, Refusal, required, type SettingsOf } from '../setting.js';
import { httpUrl, keyMaterial, text } from '../string-parsers.js';
import { duration } from '../unit-parsers.js';

/** Secret of any length, since the identity provider chooses it. */
const credential: Kind<string> = {
  form: 'secret',
  secret: true,
  parse(raw) {
    if (raw === raw.trim()) return raw;
    throw new Refusal('begins or ends with white space', 'remove it');
  },
};

/** Settings of browser sessions, which single sign-on creates. */
export const sessionSettings = {
  GATEWAY_SESSION_IDLE_TIMEOUT: defaulted(duration({ min: 1000 }), '30m', {
    description: 'Idle time after which a browser session ends.',
  }),
  GATEWAY_SESSION_MAX_AGE: defaulted(duration({ min: 1000 }), '12h', {
    description: 'Maximum duration of a browser session, used or not.',
  }),
  GATEWAY_SESSION_KEY: optional(keyMaterial, {
    description:
      'Key that encrypts stored sessions and pending sign-ins. It must be the same in all instances. Required with `REDIS_URL`. Unset: a new key at each start.',
  }),
  GATEWAY_SESSION_KEY_PREVIOUS: optional(keyMaterial, {
    description: 'Previous key: data that it encrypted can still be read during the rotation.',
  }),
};

/** Returns the settings of one identity provider. @param name as in `/auth/<name>/login`. */
export function ssoSchema(name: string) {
  return z.object({
    issuer: required(httpUrl, {
      description: `OpenID Connect issuer of the identity provider \`${name}\`; https, or http on this machine.`,
      example: 'https://login.example.com',
    }),
    clientId: required(text, { description: `Client ID of the gateway at \`${name}\`.`, example: 'api-gateway' }),
    clientSecret: required(credential, { description: `Client secret of the gateway at \`${name}\`.`, example: '…' }),
  });
}

export type SsoValues = z.infer<ReturnType<typeof ssoSchema>>;

/** Returns the environment variable of each setting of an identity provider. */
export function ssoVariables(name: string): Readonly<Record<keyof SsoValues, string>> {
  const word = name.toUpperCase();
  return {
    issuer: `GATEWAY_SSO_${word}_ISSUER`,
    clientId: `GATEWAY_SSO_${word}_CLIENT_ID`,
    clientSecret: `GATEWAY_SSO_${word}_CLIENT_SECRET`,
  };
}

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

/** Valid settings of one identity provider. */
export interface SsoSource {
  readonly name: string;
  readonly own: Known<SsoValues>;
}

/** Maps the settings of single sign-on and sessions. Call it only when there are no problems. */
export function ssoOf(settings: SettingsOf<typeof sessionSettings>, sources: readonly SsoSource[]): SsoConfig {
  const providers = sources.flatMap(({ name, own: { issuer, clientId, clientSecret } }): SsoProviderConfig[] =>
    issuer && clientId && clientSecret ? [{ name, issuer, clientId, clientSecret }] : [],
  );
  return {
    providers: new Map(providers.map((provider) => [provider.name, Object.freeze(provider)])),
    sessionIdleMs: settings.GATEWAY_SESSION_IDLE_TIMEOUT,
    sessionMaxAgeMs: settings.GATEWAY_SESSION_MAX_AGE,
    sessionKey: settings.GATEWAY_SESSION_KEY,
    sessionKeyPrevious: settings.GATEWAY_SESSION_KEY_PREVIOUS,
  };
}

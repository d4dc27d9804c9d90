import { z } from 'zod';
import { duration } from '../unit-parsers.js';
import { defaulted, optional, required, type Kind, Refusal } from '../setting.js';
import { httpUrl, keyMaterial, text } from '../string-parsers.js';

/** A secret that somebody else chose, so of any length. */
const credential: Kind<string> = {
  form: 'secret',
  secret: true,
  parse(raw) {
    if (raw === raw.trim()) return raw;
    throw new Refusal('begins or ends with white space', 'remove it');
  },
};

/** Browser sessions. They begin with single sign-on alone. */
export const sessionSettings = {
  GATEWAY_SESSION_IDLE_TIMEOUT: defaulted(duration({ min: 1000 }), '30m', {
    description: 'A browser session that is not used for so long ends.',
  }),
  GATEWAY_SESSION_MAX_AGE: defaulted(duration({ min: 1000 }), '12h', {
    description: 'Longest browser session, used or not.',
  }),
  GATEWAY_SESSION_KEY: optional(keyMaterial, {
    description:
      'Encrypts sessions at rest and sign-ins under way; the same in all instances. Required beside `REDIS_URL`. Unset: a new one at each start.',
  }),
  GATEWAY_SESSION_KEY_PREVIOUS: optional(keyMaterial, {
    description: 'The key before this one: what it encrypted can still be read while it is being rotated.',
  }),
};

/** The settings of one identity provider; `name` is the one in `/auth/<name>/login`. */
export function ssoSchema(name: string) {
  return z.object({
    issuer: required(httpUrl, {
      description: `OpenID Connect issuer of the identity provider \`${name}\`; https, or http on this machine.`,
      example: 'https://login.example.com',
    }),
    clientId: required(text, { description: `Client id of the gateway at \`${name}\`.`, example: 'api-gateway' }),
    clientSecret: required(credential, { description: `Client secret of the gateway at \`${name}\`.`, example: '…' }),
  });
}

export type SsoValues = z.infer<ReturnType<typeof ssoSchema>>;

/** The environment variable of each setting of an identity provider. */
export function ssoVariables(name: string): Readonly<Record<keyof SsoValues, string>> {
  const word = name.toUpperCase();
  return {
    issuer: `GATEWAY_SSO_${word}_ISSUER`,
    clientId: `GATEWAY_SSO_${word}_CLIENT_ID`,
    clientSecret: `GATEWAY_SSO_${word}_CLIENT_SECRET`,
  };
}

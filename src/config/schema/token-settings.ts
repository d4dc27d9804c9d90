import { defaulted, type Kind, optional, Refusal, type SettingsOf } from '../setting.js';
import { httpUrl, listOf, secret, text } from '../string-parsers.js';
import { count, duration } from '../unit-parsers.js';
import { type claimSettings, claimsOf } from './claim-settings.js';

/** Trusted issuer and the URL of its keys. */
export interface IssuerKeys {
  /** Value of `iss`. */
  readonly issuer: string;
  readonly jwksUrl: string;
}

/** Parses `issuer=URL of its key set`; the issuer may itself be a URL. */
export const issuerKeys: Kind<IssuerKeys> = {
  form: 'issuer=URL pair',
  parse(raw) {
    const [, issuer, jwksUrl] = /^([^=]+)=(https?:\/\/.+)$/.exec(raw) ?? [];
    if (issuer !== undefined && jwksUrl !== undefined) return { issuer, jwksUrl: httpUrl.parse(jwksUrl) };
    throw new Refusal(
      `"${raw}" does not name an issuer and its keys`,
      'write https://login.example.com=https://login.example.com/jwks.json',
    );
  },
};

/** Settings of bearer token verification. Either JWT_JWKS_URL or JWT_SECRET must be set. */
export const tokenSettings = {
  JWT_JWKS_URL: optional(httpUrl, {
    description:
      "URL of the issuer's public keys: https, or http on this machine. Other http URLs are accepted only outside production.",
    example: 'https://auth.example.com/.well-known/jwks.json',
    reloadable: true,
  }),
  JWT_SECRET: optional(secret, { description: 'Shared secret of HS256 tokens, at least 32 bytes.', reloadable: true }),
  JWT_SECRET_PREVIOUS: optional(secret, {
    description: 'Previous secret: tokens signed with it stay valid during the rotation.',
    reloadable: true,
  }),
  JWT_ISSUER: optional(text, {
    description: 'Required value of `iss`. Unset: any issuer whose signature verifies.',
    example: 'https://auth.example.com',
    reloadable: true,
  }),
  JWT_AUDIENCE: defaulted(text, 'api-gateway', { description: 'Audience that `aud` must contain.', reloadable: true }),
  GATEWAY_JWT_ISSUERS: defaulted(listOf(issuerKeys), '', {
    description: 'Additional trusted issuers, each with the URL of its keys.',
    example: 'https://login.example.com=https://login.example.com/jwks.json',
    reloadable: true,
  }),
  GATEWAY_JWT_CLOCK_TOLERANCE: defaulted(duration({ min: 0, max: 300_000 }), '30s', {
    description: 'Maximum clock skew between issuer and gateway. `0s`: none.',
  }),
  GATEWAY_JWKS_CACHE_TTL: defaulted(duration({ min: 1000 }), '5m', {
    description: 'How long fetched keys are cached.',
  }),
  GATEWAY_JWKS_HARD_GRACE: defaulted(duration({ min: 0, max: 7 * 86_400_000 }), '24h', {
    description:
      'How long expired keys are used while the issuer does not respond; after that requests fail with 503. `0s`: not at all.',
  }),
  GATEWAY_JWT_CACHE_SIZE: defaulted(count({ max: 1_000_000 }), '10000', {
    description: 'Maximum number of verified tokens cached until they expire. 0 verifies every token.',
  }),
};

/** Maps the settings of tokens and their claims. @param asksAuthService AuthService exists. */
export function jwtOf(settings: SettingsOf<typeof tokenSettings & typeof claimSettings>, asksAuthService: boolean) {
  return {
    jwksUrl: settings.JWT_JWKS_URL,
    secret: settings.JWT_SECRET,
    secretPrevious: settings.JWT_SECRET_PREVIOUS,
    issuer: settings.JWT_ISSUER,
    audience: settings.JWT_AUDIENCE,
    clockToleranceMs: settings.GATEWAY_JWT_CLOCK_TOLERANCE,
    jwksTtlMs: settings.GATEWAY_JWKS_CACHE_TTL,
    jwksHardGraceMs: settings.GATEWAY_JWKS_HARD_GRACE,
    issuers: settings.GATEWAY_JWT_ISSUERS,
    cacheSize: settings.GATEWAY_JWT_CACHE_SIZE,
    claims: claimsOf(settings, asksAuthService),
  };
}

export type JwtConfig = Readonly<ReturnType<typeof jwtOf>>;

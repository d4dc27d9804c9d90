import { issuerKeys } from '../issuer-keys.js';
import { count, duration } from '../unit-parsers.js';
import { defaulted, optional } from '../setting.js';
import { httpUrl, listOf, secret, text } from '../string-parsers.js';

/** Which bearer tokens are believed. Either JWT_JWKS_URL or JWT_SECRET must be set. */
export const tokenSettings = {
  JWT_JWKS_URL: optional(httpUrl, {
    description: "The issuer's public keys. https, or http on this machine; http elsewhere only outside production.",
    example: 'https://auth.example.com/.well-known/jwks.json',
    reloadable: true,
  }),
  JWT_SECRET: optional(secret, { description: 'Shared secret of HS256 tokens, at least 32 bytes.', reloadable: true }),
  JWT_SECRET_PREVIOUS: optional(secret, {
    description: 'The secret before this one: its tokens stay valid while it is being rotated.',
    reloadable: true,
  }),
  JWT_ISSUER: optional(text, {
    description: 'What `iss` must be. Unset: any issuer whose signature verifies.',
    example: 'https://auth.example.com',
    reloadable: true,
  }),
  JWT_AUDIENCE: defaulted(text, 'api-gateway', { description: 'What `aud` must name.', reloadable: true }),
  GATEWAY_JWT_ISSUERS: defaulted(listOf(issuerKeys), '', {
    description: 'Further issuers, each with the URL of its keys: apps may sign in there and send its tokens.',
    example: 'https://login.example.com=https://login.example.com/jwks.json',
    reloadable: true,
  }),
  GATEWAY_JWT_CLOCK_TOLERANCE: defaulted(duration({ min: 0, max: 300_000 }), '30s', {
    description: 'How far the clocks of issuer and gateway may differ. `0s` for not at all.',
  }),
  GATEWAY_JWKS_CACHE_TTL: defaulted(duration({ min: 1000 }), '5m', {
    description: 'How long fetched keys are used before they are fetched again.',
  }),
  GATEWAY_JWKS_HARD_GRACE: defaulted(duration({ min: 0, max: 7 * 86_400_000 }), '24h', {
    description: 'How long beyond that they are used while the issuer does not answer; then 503. `0s`: not at all.',
  }),
  GATEWAY_JWT_CACHE_SIZE: defaulted(count({ max: 1_000_000 }), '10000', {
    description: 'Verified tokens remembered until they expire. 0 verifies each time.',
  }),
};

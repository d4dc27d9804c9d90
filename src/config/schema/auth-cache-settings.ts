import { bytes, count, duration } from '../unit-parsers.js';
import { defaulted } from '../setting.js';

const WEEK_MS = 7 * 86_400_000;

/** Settings of the cache of API keys and opaque tokens that AuthService has validated. */
export const authCacheSettings = {
  GATEWAY_AUTH_CACHE_TTL: defaulted(duration({ min: 1000 }), '60s', {
    description:
      'How long a validated credential is used before AuthService is asked again. A revoked credential may be accepted for as long.',
  }),
  GATEWAY_AUTH_CACHE_SOFT_BUMP: defaulted(duration({ min: 0 }), '5m', {
    description:
      'Pause between two validation attempts per credential while AuthService is unavailable. `0s` tries on every request.',
  }),
  GATEWAY_AUTH_CACHE_HARD_GRACE: defaulted(duration({ min: 0, max: WEEK_MS }), '6h', {
    description:
      'How long after its expiry in the cache a validated credential is accepted while AuthService is unavailable; at most 15m while the revocation feed is down too. `0s`: not at all.',
  }),
  GATEWAY_AUTH_CACHE_L1_SIZE: defaulted(count({ min: 1, max: 1_000_000 }), '10000', {
    description: 'Maximum number of validated credentials in memory; beyond it the least recently used one is evicted.',
  }),
  GATEWAY_AUTH_CACHE_L1_BYTES: defaulted(bytes({ min: 1024 ** 2 }), '64MiB', {
    description: 'Maximum memory for validated credentials, measured by their serialized size.',
  }),
};

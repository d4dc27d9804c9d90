import { bytes, count, duration } from '../unit-parsers.js';
import { defaulted } from '../setting.js';

const WEEK_MS = 7 * 86_400_000;

/** How long AuthService's word on API keys and opaque tokens holds, also while AuthService is away. */
export const authCacheSettings = {
  GATEWAY_AUTH_CACHE_TTL: defaulted(duration({ min: 1000 }), '60s', {
    description: 'How long a validated credential is not asked about again. A withdrawn one may pass for as long.',
  }),
  GATEWAY_AUTH_CACHE_SOFT_BUMP: defaulted(duration({ min: 0 }), '5m', {
    description: 'While AuthService cannot be asked: pause between two attempts per credential. `0s` tries each time.',
  }),
  GATEWAY_AUTH_CACHE_HARD_GRACE: defaulted(duration({ min: 0, max: WEEK_MS }), '6h', {
    description:
      'How long beyond its time a validated credential may pass while AuthService cannot be asked; at most 15m while the revocation feed is down too. `0s`: not at all.',
  }),
  GATEWAY_AUTH_CACHE_L1_SIZE: defaulted(count({ min: 1, max: 1_000_000 }), '10000', {
    description: 'Validated credentials kept in memory; beyond it the one used longest ago goes.',
  }),
  GATEWAY_AUTH_CACHE_L1_BYTES: defaulted(bytes({ min: 1024 ** 2 }), '64MiB', {
    description: 'Memory for them, as they would be written down.',
  }),
};

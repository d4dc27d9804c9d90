import { defaulted, type SettingsOf } from '../setting.js';
import { bytes, count, duration, flag } from '../unit-parsers.js';
import type { tokenSettings } from './token-settings.js';

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

/** Maps the settings of the credential cache. */
export function authCacheOf(settings: SettingsOf<typeof authCacheSettings>) {
  return {
    ttlMs: settings.GATEWAY_AUTH_CACHE_TTL,
    softBumpMs: settings.GATEWAY_AUTH_CACHE_SOFT_BUMP,
    hardGraceMs: settings.GATEWAY_AUTH_CACHE_HARD_GRACE,
    maxEntries: settings.GATEWAY_AUTH_CACHE_L1_SIZE,
    maxBytes: settings.GATEWAY_AUTH_CACHE_L1_BYTES,
  };
}

/** Settings of authorization errors. */
export const authorizationSettings = {
  GATEWAY_EXPOSE_AUTHZ_DETAIL: defaulted(flag, 'false', {
    description:
      'Name the required and the missing permissions in a 403. This discloses the permission model to callers.',
    reloadable: true,
  }),
};

/** Settings of revoked credentials. */
export const revocationSettings = {
  GATEWAY_REVOCATION_MAX: defaulted(count({ min: 1, max: 5_000_000 }), '100000', {
    description:
      'Maximum number of revoked tokens, and of owners with a minimum token version, in memory. Beyond it each unknown token is looked up in Redis.',
  }),
  GATEWAY_REVOCATION_RESYNC_INTERVAL: defaulted(duration({ min: 1000 }), '5m', {
    description: 'Interval of full synchronization of memory with Redis, in addition to one after each reconnect.',
  }),
};

/** Maps the settings of revoked credentials. A token may be accepted for the clock tolerance after its `exp`. */
export function revocationOf(
  settings: SettingsOf<typeof revocationSettings & Pick<typeof tokenSettings, 'GATEWAY_JWT_CLOCK_TOLERANCE'>>,
) {
  return {
    maxEntries: settings.GATEWAY_REVOCATION_MAX,
    resyncIntervalMs: settings.GATEWAY_REVOCATION_RESYNC_INTERVAL,
    toleranceMs: settings.GATEWAY_JWT_CLOCK_TOLERANCE,
  };
}

export type RevocationConfig = Readonly<ReturnType<typeof revocationOf>>;

import { defaulted, type SettingsOf } from '../setting.js';
import { bytes, duration } from '../unit-parsers.js';

const WEEK_MS = 7 * 86_400_000;

/** Settings of cached responses. Only RPCs with a cache in their policy are cached. */
export const cacheSettings = {
  GATEWAY_CACHE_MAX_BYTES: defaulted(bytes({ min: 64 * 1024 }), '64MiB', {
    description: 'Maximum memory for cached responses; beyond it the least recently used one is evicted.',
  }),
  GATEWAY_CACHE_MAX_ENTRY_BYTES: defaulted(bytes({ min: 1024 }), '1MiB', {
    description: 'Largest cached response of an RPC whose policy does not set cache.max_bytes.',
  }),
  GATEWAY_IDEMPOTENCY_TTL: defaulted(duration({ min: 1000, max: WEEK_MS }), '24h', {
    description: 'How long the response to a request with an `Idempotency-Key` is kept.',
  }),
  GATEWAY_IDEMPOTENCY_MAX_BYTES: defaulted(bytes({ min: 64 * 1024 }), '16MiB', {
    description:
      'Maximum memory for such responses in this instance, also with Redis, to which they are written after an outage; beyond it the least recently used one is evicted.',
  }),
  GATEWAY_FALLBACK_MAX_AGE: defaulted(duration({ min: 1000, max: WEEK_MS }), '1h', {
    description: 'How long a response is kept after it has expired, for RPCs with fallback.cached in their policy.',
  }),
};

/** Maps the settings of the response cache. */
export function responseCacheOf(settings: SettingsOf<typeof cacheSettings>) {
  return {
    maxBytes: settings.GATEWAY_CACHE_MAX_BYTES,
    maxEntryBytes: settings.GATEWAY_CACHE_MAX_ENTRY_BYTES,
    fallbackMaxAgeMs: settings.GATEWAY_FALLBACK_MAX_AGE,
  };
}

/** Maps the settings of responses to requests with an Idempotency-Key. */
export function idempotencyOf(settings: SettingsOf<typeof cacheSettings>) {
  return { ttlMs: settings.GATEWAY_IDEMPOTENCY_TTL, maxBytes: settings.GATEWAY_IDEMPOTENCY_MAX_BYTES };
}

import { bytes, duration } from '../unit-parsers.js';
import { defaulted } from '../setting.js';

const WEEK_MS = 7 * 86_400_000;

/** Answers that are kept: those of RPCs with a cache in their policy, and no others. */
export const cacheSettings = {
  GATEWAY_CACHE_MAX_BYTES: defaulted(bytes({ min: 64 * 1024 }), '64MiB', {
    description: 'Memory for cached answers of services; beyond it the one used longest ago goes.',
  }),
  GATEWAY_CACHE_MAX_ENTRY_BYTES: defaulted(bytes({ min: 1024 }), '1MiB', {
    description: 'Largest answer kept of an RPC whose policy sets no cache.max_bytes.',
  }),
  GATEWAY_IDEMPOTENCY_TTL: defaulted(duration({ min: 1000, max: WEEK_MS }), '24h', {
    description: 'How long a request with an `Idempotency-Key` is remembered with its answer.',
  }),
  GATEWAY_IDEMPOTENCY_MAX_BYTES: defaulted(bytes({ min: 64 * 1024 }), '16MiB', {
    description:
      'Memory for such requests of this instance, also beside Redis, to which they are given back after an outage; beyond it the one used longest ago is forgotten.',
  }),
  GATEWAY_FALLBACK_MAX_AGE: defaulted(duration({ min: 1000, max: WEEK_MS }), '1h', {
    description: 'How long beyond its time an answer is kept for RPCs with fallback.cached in their policy.',
  }),
};

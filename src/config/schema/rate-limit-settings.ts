import { count, duration, flag } from '../unit-parsers.js';
import { defaulted, optional } from '../setting.js';

const MAX_RATE = 1_000_000;
const rate = count({ min: 1, max: MAX_RATE });

/** Settings of rate limits. Each limit is a token bucket with a rate per second and a burst. */
export const rateLimitSettings = {
  RATE_LIMIT_RPS: defaulted(rate, '100', {
    description: 'Tokens per second of a tenant whose plan (TenantService.GetEntitlements) does not set a rate.',
    reloadable: true,
  }),
  RATE_LIMIT_BURST: defaulted(rate, '200', {
    description: 'Burst, in tokens, of a tenant whose plan does not set one.',
    reloadable: true,
  }),
  GATEWAY_RATE_LIMIT_IP_RPS: optional(count({ max: MAX_RATE }), {
    description:
      'Tokens per second of a client address (an IPv6 /64), counted by each instance before authentication. Unset: five times `RATE_LIMIT_RPS`, at least 500. 0: addresses are not limited.',
    example: '500',
    reloadable: true,
  }),
  GATEWAY_RATE_LIMIT_IP_BURST: optional(rate, {
    description: 'Burst, in tokens, of a client address. Unset: five times `RATE_LIMIT_BURST`, at least 1000.',
    example: '1000',
    reloadable: true,
  }),
  GATEWAY_RATE_LIMIT_USER_RPS: optional(rate, {
    description: 'Tokens per second of a single caller. Unset: a caller may use the whole limit of the tenant.',
    example: '20',
    reloadable: true,
  }),
  GATEWAY_RATE_LIMIT_USER_BURST: optional(rate, {
    description: 'Burst, in tokens, of a single caller. Unset: twice `GATEWAY_RATE_LIMIT_USER_RPS`.',
    example: '40',
    reloadable: true,
  }),
  GATEWAY_RATE_LIMIT_DRY_RUN: defaulted(flag, 'false', {
    description: 'Count and log requests that would be denied (`outcome="dry_run"`) without denying them.',
    reloadable: true,
  }),
  GATEWAY_RATE_LIMIT_MAX_KEYS: defaulted(count({ min: 100, max: 10_000_000 }), '50000', {
    description: 'Maximum number of buckets of each kind in memory; beyond it the least recently used one is evicted.',
  }),
  GATEWAY_RATE_LIMIT_IDLE: defaulted(duration({ min: 1000 }), '10m', {
    description: 'Idle time after which a full bucket is removed.',
  }),
  GATEWAY_RATE_LIMIT_CLEANUP_INTERVAL: defaulted(duration({ min: 100 }), '10m', {
    description: 'Interval at which idle buckets are removed.',
  }),
  GATEWAY_RATE_LIMIT_STORE_TIMEOUT: defaulted(duration({ max: 1000 }), '20ms', {
    description:
      'Maximum time that a request waits for the shared count in Redis; after that this instance decides alone.',
  }),
  GATEWAY_REPLICAS: defaulted(count({ min: 1, max: 1000 }), '1', {
    description:
      'Number of instances behind the load balancer. Without Redis, or while it is unavailable, each one grants its share of every limit.',
  }),
};

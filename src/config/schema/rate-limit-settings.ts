import { count, duration, flag } from '../unit-parsers.js';
import { defaulted, optional } from '../setting.js';

const MAX_RATE = 1_000_000;
const rate = count({ min: 1, max: MAX_RATE });

/** How often callers may call. Each limit is a token bucket: so many tokens a second, so many at once. */
export const rateLimitSettings = {
  RATE_LIMIT_RPS: defaulted(rate, '100', {
    description: 'Tokens a second of a tenant whose plan (TenantService.GetEntitlements) names no rate.',
    reloadable: true,
  }),
  RATE_LIMIT_BURST: defaulted(rate, '200', {
    description: 'Most tokens at once of a tenant whose plan names no burst.',
    reloadable: true,
  }),
  GATEWAY_RATE_LIMIT_IP_RPS: optional(count({ max: MAX_RATE }), {
    description:
      'Tokens a second of a client address (an IPv6 /64), counted by each instance before authentication. Unset: five times `RATE_LIMIT_RPS`, at least 500. 0: no such limit.',
    example: '500',
    reloadable: true,
  }),
  GATEWAY_RATE_LIMIT_IP_BURST: optional(rate, {
    description: 'Most tokens at once of a client address. Unset: five times `RATE_LIMIT_BURST`, at least 1000.',
    example: '1000',
    reloadable: true,
  }),
  GATEWAY_RATE_LIMIT_USER_RPS: optional(rate, {
    description: 'Tokens a second of a single caller. Unset: a caller may use all that the tenant has.',
    example: '20',
    reloadable: true,
  }),
  GATEWAY_RATE_LIMIT_USER_BURST: optional(rate, {
    description: 'Most tokens at once of a single caller. Unset: twice `GATEWAY_RATE_LIMIT_USER_RPS`.',
    example: '40',
    reloadable: true,
  }),
  GATEWAY_RATE_LIMIT_DRY_RUN: defaulted(flag, 'false', {
    description: 'Count and log what would be denied (`outcome="dry_run"`), and deny nothing.',
    reloadable: true,
  }),
  GATEWAY_RATE_LIMIT_MAX_KEYS: defaulted(count({ min: 100, max: 10_000_000 }), '50000', {
    description: 'Buckets in memory, of each kind; beyond it the one used longest ago goes.',
  }),
  GATEWAY_RATE_LIMIT_IDLE: defaulted(duration({ min: 1000 }), '10m', {
    description: 'Buckets that are full again and were not used for so long are removed.',
  }),
  GATEWAY_RATE_LIMIT_CLEANUP_INTERVAL: defaulted(duration({ min: 100 }), '10m', {
    description: 'How often they are looked for.',
  }),
  GATEWAY_RATE_LIMIT_STORE_TIMEOUT: defaulted(duration({ max: 1000 }), '20ms', {
    description:
      'Longest that a request waits for the count of all instances in Redis; then this instance decides alone.',
  }),
  GATEWAY_REPLICAS: defaulted(count({ min: 1, max: 1000 }), '1', {
    description:
      'Instances behind the load balancer. Without Redis, or while it is away, each one grants its part of every limit.',
  }),
};

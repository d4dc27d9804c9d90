import type { RatePolicy } from '../../domain/policy.js';
import type { ConfigProblem } from '../config-error.js';
import { defaulted, type Known, optional, type SettingsOf } from '../setting.js';
import { count, duration, flag } from '../unit-parsers.js';

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

type RateLimitSettings = SettingsOf<typeof rateLimitSettings>;

const SECOND_MS = 1000;
/** Many callers may share an address behind NAT. */
const IP_FACTOR = 5;
const LEAST_IP = { maxRate: 500, capacity: 1000 };
const USER_BURST_FACTOR = 2;

/** Maps the settings of rate limits. */
export function rateLimitsOf(settings: RateLimitSettings) {
  return {
    tenant: perSecond(settings.RATE_LIMIT_RPS, settings.RATE_LIMIT_BURST),
    ip: ipRate(settings),
    user: userRate(settings),
    dryRun: settings.GATEWAY_RATE_LIMIT_DRY_RUN,
    maxKeys: settings.GATEWAY_RATE_LIMIT_MAX_KEYS,
    idleMs: settings.GATEWAY_RATE_LIMIT_IDLE,
    cleanupIntervalMs: settings.GATEWAY_RATE_LIMIT_CLEANUP_INTERVAL,
    storeTimeoutMs: settings.GATEWAY_RATE_LIMIT_STORE_TIMEOUT,
    replicas: settings.GATEWAY_REPLICAS,
  };
}

/** Rejects a burst without a rate, which would have no effect. */
export function rateLimitProblems(settings: Known<RateLimitSettings>): ConfigProblem[] {
  const { GATEWAY_RATE_LIMIT_USER_BURST: burst, GATEWAY_RATE_LIMIT_USER_RPS: rps } = settings;
  if (burst === undefined || rps !== undefined) return [];
  const reason = 'is set without GATEWAY_RATE_LIMIT_USER_RPS: single callers are not limited';
  return [{ name: 'GATEWAY_RATE_LIMIT_USER_BURST', reason, hint: 'set GATEWAY_RATE_LIMIT_USER_RPS or remove it' }];
}

function ipRate(settings: RateLimitSettings): RatePolicy | undefined {
  const rate = settings.GATEWAY_RATE_LIMIT_IP_RPS ?? Math.max(LEAST_IP.maxRate, IP_FACTOR * settings.RATE_LIMIT_RPS);
  const burst =
    settings.GATEWAY_RATE_LIMIT_IP_BURST ?? Math.max(LEAST_IP.capacity, IP_FACTOR * settings.RATE_LIMIT_BURST);
  return rate === 0 ? undefined : perSecond(rate, burst);
}

function userRate(settings: RateLimitSettings): RatePolicy | undefined {
  const { GATEWAY_RATE_LIMIT_USER_RPS: rate, GATEWAY_RATE_LIMIT_USER_BURST: burst } = settings;
  return rate === undefined ? undefined : perSecond(rate, burst ?? USER_BURST_FACTOR * rate);
}

function perSecond(maxRate: number, capacity: number): RatePolicy {
  return { maxRate, capacity, everyMs: SECOND_MS };
}

export type RateLimitConfig = Readonly<ReturnType<typeof rateLimitsOf>>;

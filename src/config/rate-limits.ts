import type { RatePolicy } from '../domain/policy.js';
import type { ConfigProblem } from './config-error.js';
import type { RateLimitConfig } from './gateway-config.js';
import type { Settings } from './schema.js';
import type { Known } from './upstreams.js';

const SECOND_MS = 1000;
/** Many callers may share an address behind NAT. */
const IP_FACTOR = 5;
const LEAST_IP = { maxRate: 500, capacity: 1000 };
const USER_BURST_FACTOR = 2;

/** Maps the settings of rate limits. */
export function rateLimitsOf(settings: Settings): RateLimitConfig {
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
export function rateLimitProblems(settings: Known<Settings>): ConfigProblem[] {
  const { GATEWAY_RATE_LIMIT_USER_BURST: burst, GATEWAY_RATE_LIMIT_USER_RPS: rps } = settings;
  if (burst === undefined || rps !== undefined) return [];
  const reason = 'is set without GATEWAY_RATE_LIMIT_USER_RPS: single callers are not limited';
  return [{ name: 'GATEWAY_RATE_LIMIT_USER_BURST', reason, hint: 'set GATEWAY_RATE_LIMIT_USER_RPS or remove it' }];
}

function ipRate(settings: Settings): RatePolicy | undefined {
  const rate = settings.GATEWAY_RATE_LIMIT_IP_RPS ?? Math.max(LEAST_IP.maxRate, IP_FACTOR * settings.RATE_LIMIT_RPS);
  const burst =
    settings.GATEWAY_RATE_LIMIT_IP_BURST ?? Math.max(LEAST_IP.capacity, IP_FACTOR * settings.RATE_LIMIT_BURST);
  return rate === 0 ? undefined : perSecond(rate, burst);
}

function userRate(settings: Settings): RatePolicy | undefined {
  const { GATEWAY_RATE_LIMIT_USER_RPS: rate, GATEWAY_RATE_LIMIT_USER_BURST: burst } = settings;
  return rate === undefined ? undefined : perSecond(rate, burst ?? USER_BURST_FACTOR * rate);
}

function perSecond(maxRate: number, capacity: number): RatePolicy {
  return { maxRate, capacity, everyMs: SECOND_MS };
}

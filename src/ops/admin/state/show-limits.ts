import type { GatewayConfig } from '../../../config/gateway-config.js';
import type { RateLimitMetrics } from '../../../observe/rate-limit-metrics.js';
import type { Admission } from '../../../traffic/admission/admission.js';
import type { RateLimiter } from '../../../traffic/limits/rate-limiter.js';
import type { Protection } from '../../../traffic/protection.js';

const TOP_TENANTS = 20;

/** Sources of the state of limits. */
export interface LimitSources {
  readonly config: Pick<GatewayConfig, 'rateLimit' | 'upstreams' | 'load'>;
  readonly limiter: RateLimiter;
  readonly admission: Admission;
  readonly protection: Pick<Protection, 'report'>;
  readonly rateLimits: RateLimitMetrics;
}

/** Shows the rate limits and the tenants nearest to them, the concurrency limits and the admission of requests. */
export async function showLimits({
  config,
  limiter,
  admission,
  protection,
  rateLimits,
}: LimitSources): Promise<object> {
  return {
    rateLimits: {
      config: { ...config.rateLimit, dryRun: limiter.dryRun },
      buckets: limiter.sizes(),
      topTenants: topTenants(limiter),
      deniedByTenant: await rateLimits.mostDenied(TOP_TENANTS),
    },
    admission: admission.report(),
    concurrency: [...config.upstreams.keys()].map((upstream) => ({ upstream, ...protection.report(upstream) })),
    load: config.load,
  };
}

/** Lists the tenants nearest to their limit, by the count of this instance. */
export function topTenants(limiter: RateLimiter): object[] {
  return limiter.topTenants(TOP_TENANTS).map((use) => ({ ...use, usedPercent: Math.round(use.usedPercent * 10) / 10 }));
}

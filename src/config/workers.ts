import type { RatePolicy } from '../domain/policy.js';
import type { ConfigProblem, ConfigWarning } from './config-error.js';
import type { GatewayConfig } from './gateway-config.js';
import type { Settings } from './schema.js';
import type { SsoSource } from './schema/sso-settings.js';
import type { WorkerPlace } from './schema/worker-settings.js';
import type { Known } from './setting.js';
import type { UpstreamConfig } from './upstreams.js';

/** Requires Redis for single sign-on with several workers, since consecutive requests reach different workers. */
export function workerProblems(settings: Known<Settings>, providers: readonly SsoSource[]): ConfigProblem[] {
  const { GATEWAY_WORKERS: workers = 1, REDIS_URL: redis } = settings;
  if (workers === 1 || redis !== undefined || providers.length === 0) return [];
  const reason = `is ${workers}, but single sign-on is configured without REDIS_URL: each worker would have its own sessions`;
  return [{ name: 'GATEWAY_WORKERS', reason, hint: 'set REDIS_URL, or GATEWAY_WORKERS=1' }];
}

/** Warns of state that workers do not share without Redis. */
export function workerWarnings({ workers, redis }: GatewayConfig): ConfigWarning[] {
  if (workers === 1 || redis !== undefined) return [];
  const reason = `is ${workers} without REDIS_URL: each worker has its own revoked tokens, Idempotency-Keys and cached responses`;
  return [{ name: 'GATEWAY_WORKERS', reason, hint: 'set REDIS_URL, or use more instances of one worker' }];
}

/** Returns the settings of one worker: its share of the limits of the whole gateway. */
export function configOfWorker(config: GatewayConfig, worker: WorkerPlace): GatewayConfig {
  const { of } = worker;
  const part = (whole: number) => Math.ceil(whole / of);
  const { server, load, rateLimit, responseCache, authCache, idempotency, metering, jwt } = config;
  const upstreams = [...config.upstreams].map(([name, upstream]): [string, UpstreamConfig] => [
    name,
    Object.freeze({ ...upstream, maxConcurrent: part(upstream.maxConcurrent) }),
  ]);
  return {
    ...config,
    worker,
    server: { ...server, maxConnections: part(server.maxConnections) },
    upstreams: new Map(upstreams),
    load: {
      ...load,
      maxConcurrentRequests: part(load.maxConcurrentRequests),
      queueSize: part(load.queueSize),
    },
    rateLimit: {
      ...rateLimit,
      ip: rateLimit.ip && shareOf(rateLimit.ip, of),
      replicas: rateLimit.replicas * of,
    },
    responseCache: { ...responseCache, maxBytes: part(responseCache.maxBytes) },
    authCache: { ...authCache, maxEntries: part(authCache.maxEntries), maxBytes: part(authCache.maxBytes) },
    idempotency: { ...idempotency, maxBytes: part(idempotency.maxBytes) },
    metering: { ...metering, capacity: part(metering.capacity), shelfBytes: part(metering.shelfBytes) },
    jwt: { ...jwt, cacheSize: part(jwt.cacheSize) },
  };
}

function shareOf({ maxRate, capacity, everyMs }: RatePolicy, of: number): RatePolicy {
  return { maxRate, capacity: Math.max(1, Math.floor(capacity / of)), everyMs: everyMs * of };
}

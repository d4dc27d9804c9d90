import type { Registry } from 'prom-client';
import type { GatewayConfig } from '../../../config/gateway-config.js';
import { MetricReader } from './metric-reader.js';

/** Shows size and hits of the response cache, the auth cache and the idempotency records. */
export async function showCaches(config: GatewayConfig, registry: Registry): Promise<object> {
  const metrics = await MetricReader.of(registry, [
    'gateway_cache_bytes',
    'gateway_cache_requests_total',
    'gateway_auth_cache_size',
    'gateway_auth_cache_bytes',
    'gateway_auth_cache_hits_total',
    'gateway_auth_cache_misses_total',
    'gateway_auth_cache_stale_served_total',
  ]);
  const response = (outcome: string) => metrics.value('gateway_cache_requests_total', { cache: 'response', outcome });
  const tiers = (name: string) => ({
    l1: metrics.value(name, { tier: 'l1' }),
    redis: metrics.value(name, { tier: 'redis' }),
  });
  return {
    response: {
      bytes: metrics.value('gateway_cache_bytes', { cache: 'response' }),
      maxBytes: config.responseCache.maxBytes,
      isShared: config.redis !== undefined && config.redis.secrets.length > 0,
      hits: response('hit'),
      misses: response('miss'),
      stale: response('stale'),
      errors: response('error'),
    },
    auth: {
      entries: metrics.value('gateway_auth_cache_size', { tier: 'l1' }),
      maxEntries: config.authCache.maxEntries,
      bytes: metrics.value('gateway_auth_cache_bytes', {}),
      maxBytes: config.authCache.maxBytes,
      hits: tiers('gateway_auth_cache_hits_total'),
      misses: tiers('gateway_auth_cache_misses_total'),
      staleServed: metrics.value('gateway_auth_cache_stale_served_total', {}),
    },
    idempotency: { bytes: metrics.value('gateway_cache_bytes', { cache: 'idempotency' }) },
  };
}

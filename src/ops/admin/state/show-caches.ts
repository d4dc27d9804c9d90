import type { Registry } from 'prom-client';
import type { GatewayConfig } from '../../../config/gateway-config.js';

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

type Labels = Readonly<Record<string, string>>;

interface Sample {
  readonly value: number;
  readonly labels: Readonly<Record<string, string | number | undefined>>;
}

/** Reads the present values of a few metrics. */
class MetricReader {
  private constructor(private readonly samples: ReadonlyMap<string, readonly Sample[]>) {}

  static async of(registry: Registry, names: readonly string[]): Promise<MetricReader> {
    const read = async (name: string) => [name, (await registry.getSingleMetric(name)?.get())?.values ?? []] as const;
    return new MetricReader(new Map(await Promise.all(names.map(read))));
  }

  /** Returns the sum of all series with these labels; 0 for none. */
  value(name: string, labels: Labels): number {
    const wanted = Object.entries(labels);
    const series = (this.samples.get(name) ?? []).filter((sample) =>
      wanted.every(([label, value]) => String(sample.labels[label]) === value),
    );
    return series.reduce((sum, { value }) => sum + value, 0);
  }
}

import type { FactoryProvider } from '@nestjs/common';
import { GATEWAY_CONFIG } from '../../config/config.token.js';
import { GatewayMetrics } from '../../observe/metrics.js';
import { RedisConnections } from '../../redis/redis-connections.js';
import { MemoryResponseStore } from './memory-response-store.js';
import { RedisResponseStore } from './redis-response-store.js';
import { type CacheSettings, ResponseCache } from './response-cache.js';

/** The cache of this process; with REDIS_URL, that of all instances. */
export const responseCacheProvider: FactoryProvider<ResponseCache> = {
  provide: ResponseCache,
  inject: [GATEWAY_CONFIG, GatewayMetrics, { token: RedisConnections, optional: true }],
  useFactory: (settings: CacheSettings, metrics: GatewayMetrics, redis?: RedisConnections) => {
    const memory = new MemoryResponseStore(settings.responseCache.maxBytes, () => Date.now());
    const store = redis === undefined ? memory : new RedisResponseStore(redis, memory);
    return new ResponseCache({ store, settings, metrics: metrics.caches });
  },
};

import type { FactoryProvider } from '@nestjs/common';
import { GATEWAY_CONFIG } from '../../config/config.token.js';
import type { GatewayConfig } from '../../config/gateway-config.js';
import { Contract } from '../../contract/contract.js';
import { GatewayMetrics } from '../../observe/metrics.js';
import { RedisConnections } from '../../redis/redis-connections.js';
import { AeadCipher } from '../../redis/aead-cipher.js';
import { MemoryResponseStore } from './memory-response-store.js';
import { freshTimes } from './invalidate-on-write.js';
import { RedisResponseStore } from './redis-response-store.js';
import { ResponseCache } from './response-cache.js';

/** Provides the response cache: in memory, or shared in Redis with REDIS_URL and an encryption key. */
export const responseCacheProvider: FactoryProvider<ResponseCache> = {
  provide: ResponseCache,
  inject: [GATEWAY_CONFIG, GatewayMetrics, Contract, { token: RedisConnections, optional: true }],
  useFactory: (
    settings: GatewayConfig,
    { caches, bounded }: GatewayMetrics,
    contract: Contract,
    redis?: RedisConnections,
  ) => {
    const memory = new MemoryResponseStore(settings.responseCache.maxBytes, () => Date.now());
    caches.watch('response', () => memory.bytes);
    bounded.watchEvictions('response', () => memory.evicted);
    bounded.watchEvictions('response_group', () => memory.evictedGroups);
    const cipher = AeadCipher.of('response-cache', settings.redis?.secrets);
    const cache = new ResponseCache({
      store: redis && cipher ? new RedisResponseStore(redis, cipher, memory) : memory,
      settings,
      metrics: caches,
      freshTimes: () =>
        freshTimes(
          contract.routes.map(({ route }) => route.method),
          settings,
        ),
    });
    bounded.watchFlights('response', () => cache.flight);
    return cache;
  },
};

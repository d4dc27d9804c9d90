import { Global, Module, type FactoryProvider } from '@nestjs/common';
import { UpstreamsModule } from '../grpc/upstreams.module.js';
import { GATEWAY_CONFIG } from '../config/config.token.js';
import type { GatewayConfig } from '../config/gateway-config.js';
import { GatewayMetrics } from '../observe/metrics.js';
import { RedisConnections } from '../redis/redis-connections.js';
import { AeadCipher } from '../redis/aead-cipher.js';
import { GUARDRAIL } from '../config/schema/upstream-settings.js';
import { TenantEntitlements } from './entitlements.js';
import { Guardrail } from './guardrail/guardrail.js';
import { IdempotencyRecords } from './idempotency/idempotency-records.js';
import { SharedRecords } from './idempotency/shared-records.js';
import { Protection } from './protection.js';
import { CallStack } from './stack.js';
import { Contract } from '../contract/contract.js';
import { MemoryResponseStore } from './cache/memory-response-store.js';
import { freshTimes } from './cache/invalidate-on-write.js';
import { RedisResponseStore } from './cache/redis-response-store.js';
import { ResponseCache } from './cache/response-cache.js';

/** Provides the response cache: in memory, or shared in Redis with REDIS_URL and an encryption key. */
const responseCacheProvider: FactoryProvider<ResponseCache> = {
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

/** Provides calls to upstreams, with all protection of both sides. */
@Global()
@Module({
  imports: [UpstreamsModule],
  providers: [
    CallStack,
    Protection,
    responseCacheProvider,
    {
      provide: IdempotencyRecords,
      inject: [GATEWAY_CONFIG, GatewayMetrics, { token: RedisConnections, optional: true }],
      useFactory: (config: GatewayConfig, { caches, bounded }: GatewayMetrics, redis?: RedisConnections) => {
        const cipher = AeadCipher.of('idempotency', config.redis?.secrets);
        const records = new IdempotencyRecords(config, redis && cipher && new SharedRecords(redis, cipher));
        caches.watch('idempotency', () => records.bytes);
        bounded.watchEvictions('idempotency', () => records.evicted.records);
        bounded.watchEvictions('idempotency_unwritten', () => records.evicted.unwritten);
        return records;
      },
    },
    {
      provide: Guardrail,
      inject: [GATEWAY_CONFIG, GatewayMetrics],
      useFactory: ({ guardrail, upstreams }: GatewayConfig, metrics: GatewayMetrics) =>
        new Guardrail({ ...guardrail, timeoutMs: upstreams.get(GUARDRAIL)?.timeoutMs }, metrics.guardrail),
    },
    {
      provide: TenantEntitlements,
      inject: [GATEWAY_CONFIG, CallStack, GatewayMetrics],
      useFactory: ({ upstreams }: GatewayConfig, stack: CallStack, { bounded }: GatewayMetrics) => {
        if (!upstreams.has('tenant')) return new TenantEntitlements(undefined);
        const entitlements = new TenantEntitlements(stack);
        bounded.watchEvictions('entitlements', () => entitlements.evicted);
        bounded.watchFlights('entitlements', () => entitlements.flight);
        return entitlements;
      },
    },
  ],
  exports: [CallStack, IdempotencyRecords, Protection, TenantEntitlements],
})
export class TrafficModule {}

import { Global, Module } from '@nestjs/common';
import { UpstreamsModule } from '../grpc/upstreams.module.js';
import { GATEWAY_CONFIG } from '../config/config.token.js';
import { RedisConnections } from '../redis/redis-connections.js';
import { responseCacheProvider } from './cache/response-cache.provider.js';
import { TenantEntitlements } from './entitlements.js';
import { IdempotencyRecords, type IdempotencySettings } from './idempotency/idempotency-records.js';
import { Protection } from './protection.js';
import { CallStack } from './stack.js';

/** Calls to upstreams, with everything that protects both sides of them. */
@Global()
@Module({
  imports: [UpstreamsModule],
  providers: [
    CallStack,
    Protection,
    responseCacheProvider,
    {
      provide: IdempotencyRecords,
      inject: [GATEWAY_CONFIG, { token: RedisConnections, optional: true }],
      useFactory: (settings: IdempotencySettings, redis?: RedisConnections) => new IdempotencyRecords(settings, redis),
    },
    {
      provide: TenantEntitlements,
      inject: [CallStack],
      useFactory: (stack: CallStack) => new TenantEntitlements(stack),
    },
  ],
  exports: [CallStack, IdempotencyRecords, Protection, TenantEntitlements],
})
export class TrafficModule {}

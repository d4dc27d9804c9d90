import { Global, Inject, Module, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { GATEWAY_CONFIG } from '../../config/config.token.js';
import type { GatewayConfig } from '../../config/gateway-config.js';
import { GATEWAY_LOGGER, type GatewayLogger } from '../../observe/logger.js';
import { GatewayMetrics } from '../../observe/metrics.js';
import { RedisConnections } from '../../redis/redis-connections.js';
import { TenantEntitlements } from '../entitlements.js';
import { PlanLimits } from './plan-limits.js';
import { RateLimiter } from './rate-limiter.js';
import { SharedBuckets } from './shared-buckets.js';

const now = (): number => performance.now();

/** Provides the rate limits: counted in Redis if it is configured, in memory otherwise. */
@Global()
@Module({
  providers: [
    {
      provide: RateLimiter,
      inject: [GATEWAY_CONFIG, TenantEntitlements, GatewayMetrics, { token: RedisConnections, optional: true }],
      useFactory: createLimiter,
    },
  ],
  exports: [RateLimiter],
})
export class LimitsModule implements OnModuleInit, OnModuleDestroy {
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly limiter: RateLimiter,
    @Inject(GATEWAY_CONFIG) private readonly config: GatewayConfig,
    @Inject(GATEWAY_LOGGER) private readonly logger: GatewayLogger,
  ) {}

  onModuleInit(): void {
    this.timer = setInterval(() => this.cleanUp(), this.config.rateLimit.cleanupIntervalMs).unref();
  }

  onModuleDestroy(): void {
    clearInterval(this.timer);
  }

  private cleanUp(): void {
    this.logger.events.debug(this.limiter.cleanUp(), 'rate_limit_cleanup');
  }
}

function createLimiter(
  { rateLimit: config }: GatewayConfig,
  entitlements: TenantEntitlements,
  { rateLimits: metrics }: GatewayMetrics,
  redis?: RedisConnections,
): RateLimiter {
  const { replicas, storeTimeoutMs: timeoutMs } = config;
  const onFailure = () => metrics.countStoreError('redis');
  const shared = redis && new SharedBuckets({ redis, timeoutMs, replicas, now, onFailure });
  return new RateLimiter({
    config,
    plans: new PlanLimits(entitlements, config),
    metrics,
    shared,
    now,
    random: Math.random,
  });
}

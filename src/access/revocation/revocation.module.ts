import { Module } from '@nestjs/common';
import { GATEWAY_CONFIG } from '../../config/config.token.js';
import type { GatewayConfig } from '../../config/gateway-config.js';
import { Revocation, Revocations } from '../../domain/revocation.js';
import { DegradeFlags } from '../../observe/degrade-flags.js';
import { GATEWAY_LOGGER, type GatewayLogger } from '../../observe/logger.js';
import { GatewayMetrics } from '../../observe/metrics.js';
import { RedisConnections } from '../../redis/redis-connections.js';
import { RevocationService } from './revocation-service.js';
import { RevocationSignals } from './revocation-signals.js';

/** Provides the ports {@link Revocation} and {@link Revocations}. */
@Module({
  providers: [
    {
      provide: RevocationSignals,
      inject: [DegradeFlags, GatewayMetrics, GATEWAY_LOGGER],
      useFactory: (flags: DegradeFlags, metrics: GatewayMetrics, { events }: GatewayLogger) =>
        new RevocationSignals(flags, metrics.revocation, events),
    },
    {
      provide: Revocation,
      inject: [GATEWAY_CONFIG, RevocationSignals, GatewayMetrics, { token: RedisConnections, optional: true }],
      useFactory: (
        { revocation }: GatewayConfig,
        signals: RevocationSignals,
        { bounded }: GatewayMetrics,
        redis?: RedisConnections,
      ) => {
        const service = new RevocationService(revocation, signals, redis);
        bounded.watchEvictions('revoked_token', () => service.evicted);
        return service;
      },
    },
    { provide: Revocations, useExisting: Revocation },
  ],
  exports: [Revocation, Revocations],
})
export class RevocationModule {}

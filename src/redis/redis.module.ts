import { Global, Module } from '@nestjs/common';
import { GATEWAY_CONFIG } from '../config/config.token.js';
import type { GatewayConfig } from '../config/gateway-config.js';
import { DegradeFlags } from '../observe/degrade-flags.js';
import { GATEWAY_LOGGER, type GatewayLogger } from '../observe/logger.js';
import { RedisConnections } from './redis-connections.js';

/** Provides {@link RedisConnections}; undefined if REDIS_URL is not set (inject it as optional). */
@Global()
@Module({
  providers: [
    {
      provide: RedisConnections,
      inject: [GATEWAY_CONFIG, DegradeFlags, GATEWAY_LOGGER],
      useFactory: async ({ redis }: GatewayConfig, flags: DegradeFlags, logger: GatewayLogger) => {
        if (redis === undefined) return undefined;
        const connections = new RedisConnections(redis, flags, logger.events);
        await connections.connect();
        return connections;
      },
    },
  ],
  exports: [RedisConnections],
})
export class RedisModule {}

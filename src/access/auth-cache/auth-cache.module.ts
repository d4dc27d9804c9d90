import { Global, Module } from '@nestjs/common';
import { GATEWAY_CONFIG } from '../../config/config.token.js';
import type { GatewayConfig } from '../../config/gateway-config.js';
import { Revocation } from '../../domain/revocation.js';
import { DegradeFlags } from '../../observe/degrade-flags.js';
import { GATEWAY_LOGGER, type GatewayLogger } from '../../observe/logger.js';
import { GatewayMetrics } from '../../observe/metrics.js';
import { RedisConnections } from '../../redis/redis-connections.js';
import { AeadCipher } from '../../redis/aead-cipher.js';
import { CallStack } from '../../traffic/stack.js';
import { RevocationModule } from '../revocation/revocation.module.js';
import { AuthCache } from './auth-cache.js';
import { AuthCacheEvents } from './auth-cache-events.js';
import type { AuthCacheStore } from './cache-entry.js';
import { validateByAuthService } from './credential-validator.js';
import { RedisAuthCacheStore } from './redis-auth-cache-store.js';

const STORE = Symbol('AuthCacheStore');

/** Provides the validation of API keys and opaque tokens; {@link AuthCache} is undefined without AuthService. */
@Global()
@Module({
  imports: [RevocationModule],
  providers: [
    {
      provide: AuthCacheEvents,
      inject: [GatewayMetrics, GATEWAY_LOGGER, DegradeFlags],
      useFactory: (metrics: GatewayMetrics, { events }: GatewayLogger, flags: DegradeFlags) =>
        new AuthCacheEvents(metrics.auth, events, flags),
    },
    {
      provide: STORE,
      inject: [GATEWAY_CONFIG, { token: RedisConnections, optional: true }],
      useFactory: (config: GatewayConfig, redis?: RedisConnections): AuthCacheStore | undefined => {
        const cipher = AeadCipher.of('auth-cache', config.redis?.secrets);
        return redis && cipher && new RedisAuthCacheStore(redis, cipher);
      },
    },
    {
      provide: AuthCache,
      inject: [
        GATEWAY_CONFIG,
        CallStack,
        AuthCacheEvents,
        STORE,
        GatewayMetrics,
        { token: Revocation, optional: true },
      ],
      // One parameter for each dependency: Nest passes them in this order.
      // oxlint-disable-next-line max-params
      useFactory: (
        { authCache, timeouts, upstreams, jwt }: GatewayConfig,
        stack: CallStack,
        events: AuthCacheEvents,
        store: AuthCacheStore | undefined,
        { bounded }: GatewayMetrics,
        revocation?: Revocation,
      ): AuthCache | undefined => {
        if (!upstreams.has('auth')) return undefined;
        const validate = validateByAuthService(stack, timeouts, jwt.claims.defaultTenant);
        const isFeedDown = () => revocation?.degraded === true;
        const cache = new AuthCache({ validate, events, store, isFeedDown }, authCache);
        bounded.watchAuthCache(() => cache.evicted.credentials);
        bounded.watchEvictions('auth_rejection', () => cache.evicted.rejections);
        bounded.watchFlights('auth_cache', () => cache.flight);
        return cache;
      },
    },
  ],
  exports: [AuthCache],
})
export class AuthCacheModule {}

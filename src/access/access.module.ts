import { Global, Module } from '@nestjs/common';
import { GATEWAY_CONFIG } from '../config/config.token.js';
import type { GatewayConfig } from '../config/gateway-config.js';
import { JwtAuthenticator } from './jwt-authenticator.js';
import { RemoteKeys } from './jwks.js';

/** Who may call. The guards themselves are listed in the composition root, where their order is told. */
@Global()
@Module({
  providers: [
    {
      provide: RemoteKeys,
      inject: [GATEWAY_CONFIG],
      useFactory: ({ jwt }: GatewayConfig): RemoteKeys | undefined =>
        jwt.jwksUrl === undefined ? undefined : new RemoteKeys({ url: jwt.jwksUrl, ttlMs: jwt.jwksTtlMs }),
    },
    {
      provide: JwtAuthenticator,
      inject: [GATEWAY_CONFIG, { token: RemoteKeys, optional: true }],
      useFactory: (config: GatewayConfig, keys?: RemoteKeys) => new JwtAuthenticator(config.jwt, keys),
    },
  ],
  exports: [JwtAuthenticator],
})
export class AccessModule {}

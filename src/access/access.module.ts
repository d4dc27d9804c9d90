import { Global, Module } from '@nestjs/common';
import { GATEWAY_CONFIG } from '../config/config.token.js';
import type { GatewayConfig } from '../config/gateway-config.js';
import { Contract } from '../contract/contract.js';
import { CallStack } from '../traffic/stack.js';
import { JwtAuthenticator } from './jwt-authenticator.js';
import { RemoteKeys } from './jwks.js';
import { PermissionBits } from './permission-bits.js';
import { PermissionCheck } from './permission-check.js';
import { RevocationModule } from './revocation/revocation.module.js';

/** Who may call. The guards themselves are listed in the composition root, where their order is told. */
@Global()
@Module({
  imports: [RevocationModule],
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
    {
      provide: PermissionBits,
      inject: [Contract],
      useFactory: ({ routes }: Contract) => new PermissionBits(routes.map(({ route }) => route.method.policy)),
    },
    {
      provide: PermissionCheck,
      inject: [CallStack],
      useFactory: (stack: CallStack) => new PermissionCheck(stack),
    },
  ],
  exports: [JwtAuthenticator, PermissionBits, PermissionCheck, RevocationModule],
})
export class AccessModule {}

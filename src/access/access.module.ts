import { Global, Module } from '@nestjs/common';
import { GATEWAY_CONFIG } from '../config/config.token.js';
import type { GatewayConfig } from '../config/gateway-config.js';
import { Contract } from '../contract/contract.js';
import { Revocation } from '../domain/revocation.js';
import { SessionReader } from '../domain/session-reader.js';
import { GatewayMetrics } from '../observe/metrics.js';
import { TenantEntitlements } from '../traffic/entitlements.js';
import { CallStack } from '../traffic/stack.js';
import { AuthCacheModule } from './auth-cache/auth-cache.module.js';
import { Authenticator, SessionAuthenticator } from './authenticator.js';
import { ClientCertificates } from './client-certificates.js';
import { CredentialWatch } from './credential-watch.js';
import { CsrfCheck } from './csrf.js';
import { JwtModule } from './jwt/jwt.module.js';
import { PermissionBits } from './permission-bits.js';
import { PermissionCheck } from './permission-check.js';
import { RevocationModule } from './revocation/revocation.module.js';

/** Provides authentication and authorization. The composition root lists the guards, in their order. */
@Global()
@Module({
  imports: [RevocationModule, JwtModule, AuthCacheModule],
  providers: [
    {
      provide: SessionAuthenticator,
      inject: [GATEWAY_CONFIG, { token: SessionReader, optional: true }],
      useFactory: ({ server }: GatewayConfig, reader?: SessionReader) =>
        new SessionAuthenticator(new CsrfCheck(server.publicUrl, server), reader),
    },
    ClientCertificates,
    Authenticator,
    {
      provide: CredentialWatch,
      inject: [GATEWAY_CONFIG, Authenticator, TenantEntitlements, Revocation, { token: SessionReader, optional: true }],
      // One parameter for each dependency: Nest passes them in this order.
      // oxlint-disable-next-line max-params
      useFactory: (
        { jwt }: GatewayConfig,
        authenticator: Authenticator,
        entitlements: TenantEntitlements,
        revocation: Revocation,
        sessions?: SessionReader,
      ) =>
        new CredentialWatch({
          authenticator,
          entitlements,
          revocation,
          sessions,
          clockToleranceMs: jwt.clockToleranceMs,
        }),
    },
    {
      provide: PermissionBits,
      inject: [Contract],
      useFactory: (contract: Contract) => {
        const policiesOf = ({ routes }: Pick<Contract, 'routes'>) => routes.map(({ route }) => route.method.policy);
        const bits = new PermissionBits(policiesOf(contract));
        contract.follow((next) => () => bits.replace(policiesOf(next)));
        return bits;
      },
    },
    {
      provide: PermissionCheck,
      inject: [GATEWAY_CONFIG, CallStack, GatewayMetrics],
      useFactory: (
        { upstreams }: GatewayConfig,
        stack: CallStack,
        { bounded }: GatewayMetrics,
      ): PermissionCheck | undefined => {
        if (!upstreams.has('auth')) return undefined;
        const check = new PermissionCheck(stack);
        bounded.watchEvictions('permission', () => check.evicted);
        bounded.watchFlights('permission', () => check.flight);
        return check;
      },
    },
  ],
  exports: [Authenticator, CredentialWatch, SessionAuthenticator, PermissionBits, PermissionCheck, RevocationModule],
})
export class AccessModule {}

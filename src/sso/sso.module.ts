import { Global, Inject, Module, type OnModuleInit } from '@nestjs/common';
import { CsrfCheck } from '../access/csrf.js';
import { JwtAuthenticator } from '../access/jwt-authenticator.js';
import { GATEWAY_CONFIG } from '../config/config.token.js';
import type { GatewayConfig } from '../config/gateway-config.js';
import { Revocations } from '../domain/revocation.js';
import { SessionReader } from '../domain/session-reader.js';
import { GATEWAY_LOGGER, type GatewayLogger } from '../observe/logger.js';
import { GatewayMetrics } from '../observe/metrics.js';
import { RedisConnections } from '../redis/redis-connections.js';
import { CallStack } from '../traffic/stack.js';
import { BackchannelController } from './backchannel.controller.js';
import { LOGIN_OUTCOMES } from './login-outcome.js';
import { LoginController } from './login.controller.js';
import { Login } from './login.js';
import { ProviderSignOut } from './provider-sign-out.js';
import { Providers } from './providers.js';
import { SessionInfo, SessionController } from './session.controller.js';
import { SessionStore } from './session-store.js';
import { SignOut } from './sign-out.js';
import { createSso, type SsoParts } from './sso-parts.js';

const PARTS = Symbol('SsoParts');

/** Single sign-on and browser sessions; mounted if an identity provider is configured. */
@Global()
@Module({
  controllers: [LoginController, SessionController, BackchannelController],
  providers: [
    {
      provide: PARTS,
      inject: [
        GATEWAY_CONFIG,
        CallStack,
        JwtAuthenticator,
        GATEWAY_LOGGER,
        { token: RedisConnections, optional: true },
        { token: Revocations, optional: true },
      ],
      // One parameter for each dependency: Nest passes them in this order.
      // oxlint-disable-next-line max-params
      useFactory: (
        config: GatewayConfig,
        stack: CallStack,
        tokens: JwtAuthenticator,
        logger: GatewayLogger,
        redis?: RedisConnections,
        revocations?: Revocations,
      ) => createSso(config, { stack, tokens, logger, redis, revocations }),
    },
    { provide: SessionReader, inject: [PARTS], useFactory: ({ reader }: SsoParts) => reader },
    { provide: SessionStore, inject: [PARTS], useFactory: ({ store }: SsoParts) => store },
    { provide: Providers, inject: [PARTS], useFactory: ({ providers }: SsoParts) => providers },
    { provide: Login, inject: [PARTS], useFactory: ({ login }: SsoParts) => login },
    { provide: SignOut, inject: [PARTS], useFactory: ({ signOut }: SsoParts) => signOut },
    { provide: ProviderSignOut, inject: [PARTS], useFactory: ({ providerSignOut }: SsoParts) => providerSignOut },
    { provide: SessionInfo, inject: [PARTS], useFactory: ({ info }: SsoParts) => info },
    { provide: CsrfCheck, inject: [PARTS], useFactory: ({ csrf }: SsoParts) => csrf },
  ],
  exports: [SessionReader],
})
export class SsoModule implements OnModuleInit {
  constructor(
    @Inject(GATEWAY_CONFIG) private readonly config: GatewayConfig,
    private readonly metrics: GatewayMetrics,
    @Inject(PARTS) private readonly parts: SsoParts,
  ) {}

  /** Initializes counters to 0, since `increase()` does not see the first increment of a new series. */
  onModuleInit(): void {
    this.metrics.bounded.watchEvictions('session', this.parts.evicted.sessions);
    this.metrics.bounded.watchEvictions('session_renewal', this.parts.evicted.renewals);
    for (const provider of this.config.sso.providers.keys()) {
      for (const outcome of LOGIN_OUTCOMES) this.metrics.ssoLogins.inc({ provider, outcome }, 0);
    }
  }
}

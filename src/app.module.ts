import { Global, Module, type DynamicModule } from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_INTERCEPTOR } from '@nestjs/core';
import { LoggerModule } from 'nestjs-pino';
import { AccessModule } from './access/access.module.js';
import { AuthenticationGuard } from './access/authentication.guard.js';
import { RolesGuard } from './access/roles.guard.js';
import { TenantGuard } from './access/tenant.guard.js';
import { servicesOf, type ModuleLike } from './adopted-modules.js';
import { AiModule } from './api/ai/ai.module.js';
import { AuthModule } from './api/auth/auth.module.js';
import { ExtraServicesModule } from './api/extra-services.module.js';
import { MeModule } from './api/me/me.module.js';
import { TenantModule } from './api/tenant/tenant.module.js';
import { UserModule } from './api/user/user.module.js';
import { GATEWAY_CONFIG } from './config/config.token.js';
import type { GatewayConfig } from './config/gateway-config.js';
import type { Descriptors } from './contract/descriptors.js';
import { passedHeaderNames } from './contract/passed-header-names.js';
import { PASSED_HEADERS } from './domain/passed-headers.js';
import { CircuitBreakerInterceptor } from './edge/circuit-breaker.interceptor.js';
import { DocsModule } from './edge/docs/docs.module.js';
import { EdgeModule } from './edge/edge.module.js';
import { ProblemFilter } from './edge/problem.filter.js';
import { RateLimitInterceptor } from './edge/rate-limit.interceptor.js';
import { MeteringModule } from './metering/metering.module.js';
import { ObserveModule, type Observation } from './observe/observe.module.js';
import { OpsModule } from './ops/ops.module.js';
import { RedisModule } from './redis/redis.module.js';
import { SsoModule } from './sso/sso.module.js';
import { LimitsModule } from './traffic/limits/limits.module.js';
import { AdmissionModule } from './traffic/admission/admission.module.js';
import { TrafficModule } from './traffic/traffic.module.js';

/** Parts of an application, read and validated before it is created. */
export interface AppParts {
  readonly config: GatewayConfig;
  readonly descriptors: Descriptors;
  readonly observation: Observation;
  /** Modules of GATEWAY_MODULES. */
  readonly modules?: readonly ModuleLike[];
}

@Global()
@Module({})
class ConfigModule {}

/** Composes the application. */
@Module({
  providers: [
    // Order: identity; tenant, since permissions apply within a tenant; permissions. Rate limits follow, so that denied
    // requests do not use up the limit of others. The circuit breaker is last, so that retries against an open one count.
    { provide: APP_GUARD, useClass: AuthenticationGuard },
    { provide: APP_GUARD, useClass: TenantGuard },
    { provide: APP_GUARD, useClass: RolesGuard },
    { provide: APP_INTERCEPTOR, useClass: RateLimitInterceptor },
    { provide: APP_INTERCEPTOR, useClass: CircuitBreakerInterceptor },
    { provide: APP_FILTER, useClass: ProblemFilter },
  ],
})
export class AppModule {
  static create({ config, descriptors, observation, modules = [] }: AppParts): DynamicModule {
    const settings = { provide: GATEWAY_CONFIG, useValue: config };
    const passed = { provide: PASSED_HEADERS, useValue: passedHeaderNames(descriptors.services) };
    return {
      module: AppModule,
      imports: [
        { module: ConfigModule, providers: [settings, passed], exports: [settings, passed] },
        // No middleware and no request logging, since AccessLog writes exactly one line per request.
        LoggerModule.forRoot({ pinoHttp: { logger: observation.logger.events, autoLogging: false }, forRoutes: [] }),
        ObserveModule.create(observation),
        RedisModule,
        TrafficModule,
        ...(config.upstreams.has('tenant') ? [MeteringModule.create(config.metering, config.worker)] : []),
        LimitsModule,
        AdmissionModule,
        AccessModule,
        ...(config.sso.providers.size > 0 ? [SsoModule] : []),
        EdgeModule.create(descriptors),
        ...generatedModules(config, descriptors, modules),
        MeModule,
        DocsModule.create(config),
        OpsModule.create(config, observation.metrics),
        ...modules,
      ],
    };
  }
}

/** Returns the modules of existing services, without those that an adopted module has a controller for. */
function generatedModules({ upstreams }: GatewayConfig, descriptors: Descriptors, modules: readonly ModuleLike[]) {
  const taken = new Set(servicesOf(modules).map(({ typeName }) => typeName));
  const builtIn = { auth: AuthModule, user: UserModule, tenant: TenantModule, ai: AiModule };
  const existing = Object.entries(builtIn).flatMap(([name, module]) => (upstreams.has(name) ? [module] : []));
  return [
    ...existing.filter((module) => !servicesOf([module]).some(({ typeName }) => taken.has(typeName))),
    ExtraServicesModule.create(descriptors, taken),
  ];
}

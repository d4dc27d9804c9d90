import { Global, Inject, Module, type DynamicModule, type OnModuleInit } from '@nestjs/common';
import { DiscoveryModule, DiscoveryService } from '@nestjs/core';
import { GATEWAY_CONFIG } from '../config/config.token.js';
import type { GatewayConfig } from '../config/gateway-config.js';
import { compileContract, Contract } from '../contract/contract.js';
import type { Descriptors } from '../contract/descriptors.js';
import { readService } from '../contract/route-table.js';
import { ConfigError } from '../config/config-error.js';
import { PassedHeaderCheck } from './passed-header-check.js';
import { controllerFault } from './rpc-controller.js';
import { CurrentCall } from './client/current-call.js';
import { PreAuthChecks } from './pre-auth-checks.js';
import { ClientAddress } from './client-address.js';
import { RequestContexts } from './request-contexts.js';
import { Compression } from './compression/compression.js';
import { Cors } from './cors.js';
import { FallbackController } from './fallback.controller.js';
import { IdempotentRequests } from './idempotent-requests.js';
import { mountedServices } from './mounted-services.js';
import { unknownUpstreams } from './upstream.decorator.js';
import { RateLimitInterceptor } from './rate-limit.interceptor.js';
import { RequestLifecycle } from './request-lifecycle.js';
import { StalledClients } from './stalled-clients.js';
import { RouteResolver } from './route-resolver.js';
import type { RpcOverride } from './rpc-call.js';
import { Enhancers } from './pipeline/enhancers.js';
import { settledOverride } from './pipeline/last-value.js';
import { Pipelines } from './pipeline/pipelines.js';
import { ResumableHandler } from './resume/resumable-handler.js';
import { ResumableStreams } from './resume/resumable-streams.js';
import { RedisConnections } from '../redis/redis-connections.js';
import { AeadCipher } from '../redis/aead-cipher.js';
import { SharedStreams } from './resume/shared-streams.js';
import { RpcHandler } from './rpc-handler.js';
import { SignInRedirect } from './sign-in-redirect.js';
import { StreamHandler } from './stream/stream-handler.js';

/** With REDIS_URL and an encryption key, clients may resume the stream of another instance. */
const sharedStreams = {
  provide: SharedStreams,
  inject: [GATEWAY_CONFIG, { token: RedisConnections, optional: true }],
  useFactory: ({ redis }: GatewayConfig, connections?: RedisConnections) => {
    const cipher = AeadCipher.of('stream', redis?.secrets);
    return connections && cipher && new SharedStreams(connections, cipher);
  },
};

/** HTTP in and out. The contract is that of the controllers which the application mounts, no more and no less. */
@Global()
@Module({})
export class EdgeModule implements OnModuleInit {
  static create({ registry, comments }: Descriptors): DynamicModule {
    const contract = {
      provide: Contract,
      inject: [DiscoveryService, GATEWAY_CONFIG],
      useFactory: async (discovery: DiscoveryService, config: GatewayConfig) => {
        const services = mountedServices(discovery).map(({ controlled }) => controlled.service);
        return new Contract(await compileContract({ services, registry, comments }, config.json));
      },
    };
    return {
      module: EdgeModule,
      imports: [DiscoveryModule],
      controllers: [FallbackController],
      providers: [
        contract,
        PreAuthChecks,
        ClientAddress,
        Compression,
        RequestContexts,
        Cors,
        RequestLifecycle,
        ResumableHandler,
        ResumableStreams,
        sharedStreams,
        RouteResolver,
        RateLimitInterceptor,
        RpcHandler,
        CurrentCall,
        Enhancers,
        Pipelines,
        IdempotentRequests,
        PassedHeaderCheck,
        SignInRedirect,
        StalledClients,
        StreamHandler,
      ],
      exports: [Contract, CurrentCall, Pipelines, RpcHandler, RequestLifecycle, SignInRedirect],
    };
  }

  constructor(
    private readonly discovery: DiscoveryService,
    private readonly handler: RpcHandler,
    private readonly current: CurrentCall,
    @Inject(GATEWAY_CONFIG) private readonly config: GatewayConfig,
  ) {}

  /** Throws ConfigError for a controller whose explicit methods would not be called, or that names no upstream. */
  onModuleInit(): void {
    const problems = unknownUpstreams(this.discovery, this.config.upstreams);
    if (problems.length > 0) throw new ConfigError(problems);
    for (const { controlled, wrapper } of mountedServices(this.discovery)) {
      const fault = controllerFault(wrapper.instance as object, controlled);
      if (fault !== undefined) {
        throw new ConfigError([
          { name: 'GATEWAY_MODULES', reason: fault, hint: 'see "Add your own service" in the README' },
        ]);
      }
      for (const { method, desc } of readService(controlled.service).routes) {
        const override = controlled.overrides.get(method.name)?.bind(wrapper.instance) as RpcOverride | undefined;
        if (override !== undefined) this.handler.override(method, this.current.bind(settledOverride(override, desc)));
      }
    }
  }
}

import { createRegistry } from '@bufbuild/protobuf';
import { Module, type DynamicModule, type INestApplication, type Provider, type Type } from '@nestjs/common';
import { APP_FILTER, NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { TerminusModule } from '@nestjs/terminus';
import type { GatewayConfig } from '../config/gateway-config.js';
import { compileContract, Contract, type ContractVersion } from '../contract/contract.js';
import { DrainState } from '../domain/drain-state.js';
import { PreAuthChecks } from '../edge/pre-auth-checks.js';
import { Cors } from '../edge/cors.js';
import { HttpServer } from '../edge/http-server.js';
import { ProblemFilter } from '../edge/problem.filter.js';
import { RequestContexts } from '../edge/request-contexts.js';
import { RequestLifecycle } from '../edge/request-lifecycle.js';
import { RouteResolver } from '../edge/route-resolver.js';
import { SignInRedirect } from '../edge/sign-in-redirect.js';
import { AccessLog } from '../observe/access-log.js';
import { GatewayMetrics } from '../observe/metrics.js';
import { GATEWAY_CONFIG } from '../config/config.token.js';
import { HealthController } from './health.controller.js';
import { HealthMonitor } from './health-monitor.js';
import { MetricsOffController } from './metrics-off.controller.js';
import { metricsModule } from './ops.module.js';
import { Readiness } from './readiness.js';
import { Admission } from '../traffic/admission/admission.js';
import { RateLimiter } from '../traffic/limits/rate-limiter.js';

/** The server on OPS_PORT. */
export interface OpsServer {
  readonly app: NestFastifyApplication;
  readonly http: HttpServer;
}

@Module({})
class OpsServerModule {
  /** Makes a module whose controllers use the objects of the gateway. */
  static of(gateway: INestApplication): DynamicModule {
    const shared = (type: Type): Provider => ({ provide: type, useValue: gateway.get<object>(type) });
    const config = gateway.get<GatewayConfig>(GATEWAY_CONFIG);
    const { metrics } = config;
    return {
      module: OpsServerModule,
      global: true,
      imports: [
        TerminusModule.forRoot({ logger: false }),
        ...(metrics.enabled ? [metricsModule(gateway.get(GatewayMetrics))] : []),
      ],
      controllers: [HealthController, ...(metrics.enabled ? [] : [MetricsOffController])],
      providers: [
        ...[Readiness, HealthMonitor, GatewayMetrics, SignInRedirect].map(shared),
        { provide: GATEWAY_CONFIG, useValue: config },
        { provide: APP_FILTER, useClass: ProblemFilter },
      ],
      exports: [GatewayMetrics, GATEWAY_CONFIG],
    };
  }
}

/**
 * Serves `/metrics` and the health paths on a separate port (OPS_PORT), which no Service needs to expose. The server
 * is like the main one, with its limits, problems and log lines; only the routes differ.
 */
export async function startOpsServer(gateway: INestApplication, config: GatewayConfig): Promise<OpsServer> {
  const http = new HttpServer(config);
  const module = OpsServerModule.of(gateway);
  const app = await NestFactory.create<NestFastifyApplication>(module, new FastifyAdapter(http.fastify), {
    bodyParser: false,
    logger: false,
    abortOnError: false,
  });
  http.use(await lifecycleOf(gateway, config));
  await app.listen({ host: config.server.host, port: config.server.opsPort ?? 0 });
  return { app, http };
}

async function lifecycleOf(gateway: INestApplication, config: GatewayConfig): Promise<RequestLifecycle> {
  const routes = new RouteResolver(new Contract(await noContract(config)));
  const preAuth = new PreAuthChecks(gateway.get(RateLimiter), gateway.get(Admission), routes, gateway.get(Cors));
  return new RequestLifecycle(gateway.get(RequestContexts), gateway.get(DrainState), gateway.get(AccessLog), preAuth);
}

/** Returns an empty contract, since this server has only its own routes. */
function noContract({ json }: GatewayConfig): Promise<ContractVersion> {
  return compileContract({ services: [], registry: createRegistry(), comments: new Map() }, json);
}

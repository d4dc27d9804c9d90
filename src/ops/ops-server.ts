import { Module, type DynamicModule, type INestApplication, type Provider, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { TerminusModule } from '@nestjs/terminus';
import { GatewayMetrics } from '../observe/metrics.js';
import { GATEWAY_CONFIG } from '../config/config.token.js';
import type { GatewayConfig } from '../config/gateway-config.js';
import { HealthController } from './health.controller.js';
import { HealthMonitor } from './health-monitor.js';
import { MetricsOffController } from './metrics-off.controller.js';
import { metricsModule } from './ops.module.js';
import { OpsProblemFilter } from './ops-problem.filter.js';
import { Readiness } from './readiness.js';

@Module({})
class OpsServerModule {
  /** Its controllers answer from the objects of the gateway itself. */
  static of(gateway: INestApplication): DynamicModule {
    const shared = (type: Type): Provider => ({ provide: type, useValue: gateway.get<object>(type) });
    const { metrics } = gateway.get<GatewayConfig>(GATEWAY_CONFIG);
    return {
      module: OpsServerModule,
      global: true,
      imports: [
        TerminusModule.forRoot({ logger: false }),
        ...(metrics.enabled ? [metricsModule(gateway.get(GatewayMetrics))] : []),
      ],
      controllers: [HealthController, ...(metrics.enabled ? [] : [MetricsOffController])],
      providers: [Readiness, HealthMonitor, GatewayMetrics].map(shared),
      exports: [GatewayMetrics],
    };
  }
}

/** Serves `/metrics` and the health paths on a port of their own (OPS_PORT), which no Service needs to publish. */
export async function startOpsServer(
  gateway: INestApplication,
  host: string,
  port: number,
): Promise<NestFastifyApplication> {
  const app = await NestFactory.create<NestFastifyApplication>(OpsServerModule.of(gateway), new FastifyAdapter(), {
    logger: false,
    abortOnError: false,
  });
  app.useGlobalFilters(new OpsProblemFilter());
  await app.listen({ host, port });
  return app;
}

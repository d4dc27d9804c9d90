import { Module, type DynamicModule } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { PrometheusModule } from '@willsoto/nestjs-prometheus';
import type { GatewayConfig } from '../config/gateway-config.js';
import type { GatewayMetrics } from '../observe/metrics.js';
import { ContractDrift, DriftSignals } from './contract-drift.js';
import { GatewayState } from './gateway-state.js';
import { HealthController } from './health.controller.js';
import { HealthMonitor } from './health-monitor.js';
import { MemoryWatch } from './memory-watch.js';
import { MetricsController } from './metrics.controller.js';
import { MetricsOffController } from './metrics-off.controller.js';
import { Readiness } from './readiness.js';
import { PartSignals, StoreParts, HealthIndicators } from './health-indicators.js';

/** Provides health and metrics. */
@Module({})
export class OpsModule {
  static create(config: GatewayConfig, metrics: GatewayMetrics): DynamicModule {
    const { server, metrics: settings } = config;
    const onMainPort = settings.enabled && server.opsPort === undefined;
    return {
      module: OpsModule,
      imports: [TerminusModule.forRoot({ logger: false }), ...(onMainPort ? [metricsModule(metrics)] : [])],
      controllers: [HealthController, ...(settings.enabled ? [] : [MetricsOffController])],
      providers: [
        GatewayState,
        HealthMonitor,
        ContractDrift,
        DriftSignals,
        MemoryWatch,
        Readiness,
        HealthIndicators,
        StoreParts,
        PartSignals,
      ],
      exports: [HealthMonitor, ContractDrift, TerminusModule],
    };
  }
}

/** Makes the module of `/metrics` for one registry, with the metrics of Node and the process. */
export function metricsModule(metrics: GatewayMetrics): DynamicModule {
  return PrometheusModule.register({
    controller: MetricsController,
    path: '/metrics',
    defaultMetrics: { enabled: true, config: { register: metrics.registry } },
  });
}

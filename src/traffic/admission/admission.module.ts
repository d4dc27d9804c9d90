import { Global, Inject, Module, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { GATEWAY_CONFIG } from '../../config/config.token.js';
import type { GatewayConfig } from '../../config/gateway-config.js';
import { DegradeFlags } from '../../observe/degrade-flags.js';
import { GatewayMetrics } from '../../observe/metrics.js';
import { Admission } from './admission.js';
import { PRIORITIES } from './priority.js';
import { PressureSensor } from './pressure-sensor.js';

/** Provides the admission of requests and feeds it measurements of the process. */
@Global()
@Module({
  providers: [
    { provide: Admission, inject: [GATEWAY_CONFIG, GatewayMetrics, DegradeFlags], useFactory: createAdmission },
  ],
  exports: [Admission],
})
export class AdmissionModule implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly sensor = new PressureSensor();

  constructor(
    private readonly admission: Admission,
    @Inject(GATEWAY_CONFIG) private readonly config: GatewayConfig,
  ) {}

  onApplicationBootstrap(): void {
    const { shedDelayMs, shedHeapPercent, shedMemoryPercent } = this.config.load;
    if (shedDelayMs > 0 || shedHeapPercent > 0 || shedMemoryPercent > 0)
      this.sensor.start((pressure) => this.admission.adjust(pressure));
  }

  onApplicationShutdown(): void {
    this.sensor.stop();
  }
}

function createAdmission({ load }: GatewayConfig, metrics: GatewayMetrics, flags: DegradeFlags): Admission {
  const flag = flags.flag({
    component: 'load',
    cause: 'pressure',
    area: 'gateway',
    degraded: 'load shedding',
    recovered: 'load accepted again',
  });
  metrics.protection.knowPriorities(PRIORITIES.filter((priority) => priority !== 'health'));
  const admission = new Admission(load, {
    refused: (priority, reason) => metrics.protection.refused(priority, reason),
    pressed: (isPressed, reason) => (isPressed ? flag.raise(reason) : flag.lower()),
  });
  metrics.protection.watchBodies(() => admission.bodies.heldBytes);
  return admission;
}

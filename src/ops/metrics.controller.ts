import { Controller, Get, Headers, Inject, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { Access } from '../access/access.decorator.js';
import { GATEWAY_CONFIG } from '../config/config.token.js';
import type { GatewayConfig } from '../config/gateway-config.js';
import { GatewayMetrics } from '../observe/metrics.js';
import { OPEN_METRICS_TYPE, openMetricsExposition, prefersOpenMetrics, textExposition } from '../observe/exposition.js';

/** Serves the metrics of this application's registry. The path comes from PrometheusModule. */
@Controller()
export class MetricsController {
  constructor(
    private readonly metrics: GatewayMetrics,
    @Inject(GATEWAY_CONFIG) private readonly config: Pick<GatewayConfig, 'metrics'>,
  ) {}

  @Get()
  @Access('OPEN')
  async index(@Headers('accept') accept: string | undefined, @Res({ passthrough: true }) reply: FastifyReply) {
    const { registry } = this.metrics;
    const isOpen = this.config.metrics.exemplars && prefersOpenMetrics(accept);
    void reply.header('content-type', isOpen ? OPEN_METRICS_TYPE : registry.contentType);
    if (this.metrics.ofAllWorkers !== undefined) return this.metrics.ofAllWorkers(isOpen);
    return isOpen ? openMetricsExposition(registry) : textExposition(registry);
  }
}

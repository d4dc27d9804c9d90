import { Controller, Get, Res } from '@nestjs/common';
import { HealthCheckService, HealthIndicatorService } from '@nestjs/terminus';
import type { FastifyReply } from 'fastify';
import { Access } from '../access/access.decorator.js';
import { Documented } from '../contract/openapi/extra-operations.js';
import { HealthMonitor } from './health-monitor.js';
import type { HealthVerdict } from './health-verdict.js';
import { HEALTH_OPERATIONS } from './health.operations.js';
import { Readiness } from './readiness.js';

const UNAVAILABLE = 503;

/**
 * Health of this process. Probes use `/livez`, `/startupz` and `/readyz`; the other two are for people and monitors.
 */
@Controller()
export class HealthController {
  constructor(
    private readonly readiness: Readiness,
    private readonly monitor: HealthMonitor,
    private readonly health: HealthCheckService,
    private readonly indicators: HealthIndicatorService,
  ) {}

  /** Reports that the event loop turns, and nothing else: a restart does not repair anything outside this process. */
  @Get(['livez', 'startupz'])
  @Access('OPEN')
  @Documented(HEALTH_OPERATIONS.live)
  live(): { status: string } {
    return { status: 'alive' };
  }

  /**
   * Reports whether traffic may be sent here. No upstream and no store is asked: their outage must not take out every
   * pod.
   */
  @Get(['readyz', 'ready'])
  @Access('OPEN')
  @Documented(HEALTH_OPERATIONS.ready)
  async ready(@Res({ passthrough: true }) reply: FastifyReply): Promise<{ status: string; failing?: string[] }> {
    const gates = [...this.readiness.gates()];
    const failing = gates.flatMap(([name, passed]) => (passed ? [] : [name]));
    const checks = gates.map(([name, passed]) => () => {
      const indicator = this.indicators.check(name);
      return passed ? indicator.up() : indicator.down();
    });
    const ready = await this.health.check(checks).then(
      () => true,
      () => false,
    );
    if (ready) return { status: 'ready' };
    reply.code(UNAVAILABLE);
    return { status: 'unready', failing };
  }

  /** Returns the verdict for load balancers and status pages. */
  @Get('health')
  @Access('OPEN')
  @Documented(HEALTH_OPERATIONS.verdict)
  verdict(@Res({ passthrough: true }) reply: FastifyReply): HealthVerdict {
    return answer(reply, this.monitor.verdict(false));
  }

  /** Returns the strict verdict for external monitors; not meant for probes. */
  @Get('healthz')
  @Access('OPEN')
  @Documented(HEALTH_OPERATIONS.deep)
  deep(@Res({ passthrough: true }) reply: FastifyReply): HealthVerdict {
    return answer(reply, this.monitor.verdict(true));
  }
}

function answer(reply: FastifyReply, verdict: HealthVerdict): HealthVerdict {
  if (verdict.status !== 'healthy') reply.code(UNAVAILABLE);
  return verdict;
}

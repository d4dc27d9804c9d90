import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { HealthCheckService, HealthIndicatorService, type HealthIndicatorResult } from '@nestjs/terminus';
import { GATEWAY_CONFIG } from '../config/config.token.js';
import type { GatewayConfig } from '../config/gateway-config.js';
import { verdictOf, type CheckResult, type HealthVerdict } from './health-verdict.js';
import { HealthIndicators, type WatchedPart } from './health-indicators.js';

const UNKNOWN = 'not checked yet';

/**
 * Checks all components in the background. All health responses and gauges come from its last check, so that probes
 * never fan out.
 */
@Injectable()
export class HealthMonitor implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly results = new Map<WatchedPart, CheckResult>();
  private timer: NodeJS.Timeout | undefined;
  private checkedAt = new Date();

  constructor(
    @Inject(GATEWAY_CONFIG) private readonly config: GatewayConfig,
    private readonly health: HealthCheckService,
    private readonly indicators: HealthIndicatorService,
    parts: HealthIndicators,
  ) {
    for (const part of parts.all) {
      this.results.set(part, { name: part.name, optional: part.optional, healthy: true, text: UNKNOWN });
    }
  }

  onApplicationBootstrap(): void {
    void this.check();
    this.timer = setInterval(() => void this.check(), this.config.health.intervalMs).unref();
  }

  onApplicationShutdown(): void {
    clearInterval(this.timer);
  }

  /** Returns the verdict of the last check. */
  verdict(strict: boolean): HealthVerdict {
    return verdictOf([...this.results.values()], this.checkedAt, strict);
  }

  /** Checks everything. Never rejects: Terminus rejects when a component is down, which is a result as well. */
  async check(): Promise<void> {
    const checks = [...this.results.keys()].map((part) => () => this.checkPart(part));
    await this.health.check(checks).catch(() => undefined);
    this.checkedAt = new Date();
  }

  private async checkPart(part: WatchedPart): Promise<HealthIndicatorResult> {
    const { name, optional } = part;
    const wrong = await part.look();
    this.results.set(part, { name, optional, healthy: wrong === undefined, text: wrong ?? 'healthy' });
    const indicator = this.indicators.check(name);
    return wrong === undefined ? indicator.up() : indicator.down({ message: wrong });
  }
}

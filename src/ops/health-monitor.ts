import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { HealthCheckService, HealthIndicatorService, type HealthIndicatorResult } from '@nestjs/terminus';
import { GATEWAY_CONFIG } from '../config/config.token.js';
import type { GatewayConfig } from '../config/gateway-config.js';
import { UpstreamHealth } from '../grpc/upstream-health.js';
import { GATEWAY_LOGGER, type GatewayLogger } from '../observe/logger.js';
import { GatewayMetrics } from '../observe/metrics.js';
import { verdictOf, type CheckResult, type HealthVerdict } from './health-verdict.js';

/** Tier 2: its outage must not touch the rest (row 003-5). */
const OPTIONAL = new Set(['ai']);
const UNKNOWN = 'not checked yet';

/** Looks after the upstreams in the background. All health answers and gauges come from its last look, so that probes never fan out. */
@Injectable()
export class HealthMonitor implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly results = new Map<string, CheckResult>();
  private timer: NodeJS.Timeout | undefined;
  private checkedAt = new Date();

  constructor(
    @Inject(GATEWAY_CONFIG) private readonly config: GatewayConfig,
    private readonly health: HealthCheckService,
    private readonly indicators: HealthIndicatorService,
    private readonly upstreams: UpstreamHealth,
    private readonly metrics: GatewayMetrics,
    @Inject(GATEWAY_LOGGER) private readonly logger: GatewayLogger,
  ) {
    for (const name of config.upstreams.keys()) {
      this.results.set(name, { name: `${name}-service`, healthy: true, text: UNKNOWN, optional: OPTIONAL.has(name) });
      metrics.degraded.set({ component: name }, 0);
    }
  }

  onApplicationBootstrap(): void {
    void this.check();
    this.timer = setInterval(() => void this.check(), this.config.health.intervalMs).unref();
  }

  onApplicationShutdown(): void {
    clearInterval(this.timer);
  }

  /** The verdict of the last look. */
  verdict(strict: boolean): HealthVerdict {
    return verdictOf([...this.results.values()], this.checkedAt, strict);
  }

  /** One look at everything. Never rejects: Terminus rejects when a part is down, and that is an answer too. */
  async check(): Promise<void> {
    const checks = [...this.config.upstreams.keys()].map((name) => () => this.checkUpstream(name));
    await this.health.check(checks).catch(() => undefined);
    this.checkedAt = new Date();
  }

  private async checkUpstream(name: string): Promise<HealthIndicatorResult> {
    const { serving, text, ms } = await this.upstreams.check(name, this.config.health.intervalMs);
    this.note(name, serving, serving ? 'healthy' : text);
    const indicator = this.indicators.check(`${name}-service`);
    return serving ? indicator.up({ ms }) : indicator.down({ message: text });
  }

  /** A change is told once, not at each look (document 002, rule 1). */
  private note(name: string, healthy: boolean, text: string): void {
    const before = this.results.get(name);
    if (before === undefined) return;
    this.results.set(name, { ...before, healthy, text });
    this.metrics.upstreamUp.set({ upstream: name }, healthy ? 1 : 0);
    this.metrics.degraded.set({ component: name }, healthy ? 0 : 1);
    if (before.healthy === healthy) return;
    if (healthy) this.logger.events.info({ component: name }, `recovered component=${name}`);
    else this.logger.events.warn({ component: name, reason: text }, `degraded component=${name}`);
  }
}

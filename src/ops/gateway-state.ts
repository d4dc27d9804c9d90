import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { DegradeFlags } from '../observe/degrade-flags.js';
import type { GatewayStateName } from '../observe/info-metrics.js';
import { GATEWAY_LOGGER, type GatewayLogger } from '../observe/logger.js';
import { GatewayMetrics } from '../observe/metrics.js';
import { Readiness } from './readiness.js';

const LOOK_MS = 250;

/**
 * Tracks the state of this process: starting until every readiness gate has opened, then ready, degraded while a
 * component is impaired, and draining until its end. Each change is logged; `gateway_state` has the current one.
 */
@Injectable()
export class GatewayState implements OnApplicationBootstrap, OnApplicationShutdown {
  private told: GatewayStateName = 'starting';
  private hasStarted = false;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly readiness: Readiness,
    private readonly flags: DegradeFlags,
    @Inject(GATEWAY_LOGGER) private readonly logger: GatewayLogger,
    metrics: GatewayMetrics,
  ) {
    metrics.info.watchState(() => this.look());
  }

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => this.look(), LOOK_MS).unref();
  }

  onApplicationShutdown(): void {
    clearInterval(this.timer);
    this.look();
  }

  /** Returns the state, and logs it if it has changed since the last call. */
  look(): GatewayStateName {
    const { state, because } = this.judge();
    if (state === this.told) return state;
    const from = this.told;
    this.told = state;
    this.logger.events.info({ from, to: state, because }, `state_changed from=${from} to=${state}`);
    return state;
  }

  /** Determines the state. A gate that has opened closes again only in a drain: a later outage is a degradation. */
  private judge(): { readonly state: GatewayStateName; readonly because: string } {
    const closed = [...this.readiness.gates()].filter(([, isOpen]) => !isOpen).map(([name]) => name);
    if (closed.includes('draining')) return { state: 'draining', because: '' };
    this.hasStarted ||= closed.length === 0;
    if (!this.hasStarted) return { state: 'starting', because: closed.join(', ') };
    const impaired = this.flags.impaired();
    return { state: impaired.length === 0 ? 'ready' : 'degraded', because: impaired.join(', ') };
  }
}

import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { GATEWAY_CONFIG } from '../config/config.token.js';
import type { GatewayConfig } from '../config/gateway-config.js';
import type { RpcMethod } from '../domain/rpc-method.js';
import { GATEWAY_LOGGER, type GatewayLogger } from '../observe/logger.js';
import { GatewayMetrics } from '../observe/metrics.js';
import type { UpstreamLoad } from '../observe/protection-metrics.js';
import { Breakers } from './breakers.js';
import { ProtectionReports } from './protection-reports.js';
import { ConcurrencyLimiter } from './concurrency-limiter.js';
import { RetryBudget } from './retry.js';

/** Settings of the protection of upstreams. */
export type ProtectionSettings = Pick<GatewayConfig, 'upstreams' | 'circuit' | 'load'> &
  Partial<Pick<GatewayConfig, 'worker'>>;

/** Calls to one upstream in progress, compared with the limit. */
export interface ConcurrencyReport {
  readonly inFlight: number;
  readonly limit: number;
  readonly queued: number;
  readonly queueSize: number;
  readonly queueTimeoutMs: number;
}

const DEFAULT_CAPACITY = 512;

/** Holds what all calls to one upstream share: circuit breakers, concurrency limits and the retry budget. */
@Injectable()
export class Protection implements OnApplicationShutdown {
  readonly breakers: Breakers;
  readonly reports: ProtectionReports;
  private readonly limiter = new Map<string, ConcurrencyLimiter>();
  private readonly methodPlaces = new WeakMap<RpcMethod, ConcurrencyLimiter>();
  private readonly budgets = new Map<string, RetryBudget>();

  constructor(
    @Inject(GATEWAY_CONFIG) private readonly settings: ProtectionSettings,
    metrics: GatewayMetrics,
    @Inject(GATEWAY_LOGGER) { events }: Pick<GatewayLogger, 'events'>,
  ) {
    this.reports = new ProtectionReports(metrics.protection, events);
    this.breakers = new Breakers(settings.circuit, settings.upstreams.keys(), this.reports);
    for (const upstream of settings.upstreams.keys()) {
      metrics.knowUpstream(upstream);
      this.limiterOf(upstream);
    }
    metrics.protection.watch(() => this.loads());
  }

  /** Returns the concurrency limiter of an upstream. */
  limiterOf(upstream: string): ConcurrencyLimiter {
    let limiter = this.limiter.get(upstream);
    if (limiter === undefined) {
      limiter = this.makePlaces(this.settings.upstreams.get(upstream)?.maxConcurrent ?? DEFAULT_CAPACITY);
      this.limiter.set(upstream, limiter);
    }
    return limiter;
  }

  /**
   * Returns the concurrency limiter of one RPC, in addition to that of its upstream; undefined when its policy sets
   * no limit.
   */
  methodLimiterOf(method: RpcMethod): ConcurrencyLimiter | undefined {
    const { maxConcurrent } = method.policy;
    if (maxConcurrent === 0) return undefined;
    let limiter = this.methodPlaces.get(method);
    if (limiter === undefined) this.methodPlaces.set(method, (limiter = this.makePlaces(this.part(maxConcurrent))));
    return limiter;
  }

  budgetOf(upstream: string): RetryBudget {
    let budget = this.budgets.get(upstream);
    if (budget === undefined) this.budgets.set(upstream, (budget = new RetryBudget()));
    return budget;
  }

  onApplicationShutdown(): void {
    this.breakers.shutdown();
  }

  /** Returns the share of this process in a limit. */
  private part(limit: number): number {
    return Math.ceil(limit / (this.settings.worker?.of ?? 1));
  }

  private makePlaces(capacity: number): ConcurrencyLimiter {
    const { tenantSharePercent, queueSize, queueTimeoutMs, tenantWeights } = this.settings.load;
    return new ConcurrencyLimiter({
      capacity,
      tenantCapacity: Math.max(Math.floor((capacity * tenantSharePercent) / 100), 1),
      queueSize,
      queueTimeoutMs,
      weights: new Map(tenantWeights.map(({ tenantId, weight }) => [tenantId, weight])),
    });
  }

  /** Returns how much of the concurrency limit of an upstream is in use; undefined for an unknown upstream. */
  report(upstream: string): ConcurrencyReport | undefined {
    const limiter = this.limiter.get(upstream);
    const { queueSize, queueTimeoutMs } = this.settings.load;
    return (
      limiter && { inFlight: limiter.inUse, limit: limiter.capacity, queued: limiter.queued, queueSize, queueTimeoutMs }
    );
  }

  /** Lists the load of each upstream. */
  *loads(): Generator<UpstreamLoad> {
    for (const [upstream, { inUse, capacity, queued }] of this.limiter) {
      yield { upstream, inFlight: inUse, capacity, queued };
    }
  }
}

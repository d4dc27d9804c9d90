import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import type { DescMethod } from '@bufbuild/protobuf';
import { GATEWAY_CONFIG } from '../config/config.token.js';
import type { GatewayConfig } from '../config/gateway-config.js';
import { GUARDRAIL } from '../config/schema/upstream-settings.js';
import { Contract } from '../contract/contract.js';
import { compareContract, type Drift, fileNames } from '../contract/drift.js';
import { withDeadline } from '../domain/loop-timeout.js';
import { GuardrailService } from '../gen/guardrail/v1/guardrail_pb.js';
import { NoReflection, ReflectionClient } from '../grpc/reflection.js';
import { Upstreams } from '../grpc/upstreams.js';
import { GATEWAY_LOGGER, type GatewayLogger } from '../observe/logger.js';
import { GatewayMetrics } from '../observe/metrics.js';

/** State of the contract of an upstream. */
export interface DriftReport {
  /** `unknown`: it offers no reflection, or has not responded yet. */
  readonly state: 'unknown' | 'same' | 'drifted';
  readonly differences: readonly string[];
  readonly additions: readonly string[];
  /** Why the last comparison failed; undefined when it succeeded. */
  readonly failure: string | undefined;
}

const NOT_ASKED: DriftReport = { state: 'unknown', differences: [], additions: [], failure: 'not asked yet' };
/** Time limit of one comparison, in ms. */
const DEADLINE_MS = 5_000;
const SHOWN_IN_LOG = 10;

/** Reports drifts by gauge and log. */
@Injectable()
export class DriftSignals {
  constructor(
    private readonly metrics: GatewayMetrics,
    @Inject(GATEWAY_LOGGER) private readonly logger: GatewayLogger,
  ) {}

  /** Sets the gauge, and logs each change with the differences. */
  tell(upstream: string, before: DriftReport, { state, differences }: DriftReport): void {
    if (state === 'unknown') this.metrics.contractDrift.remove({ upstream });
    else this.metrics.contractDrift.set({ upstream }, differences.length);
    if (String(differences) === String(before.differences)) return;
    const { events } = this.logger;
    if (differences.length === 0) {
      events.info({ upstream }, `contract_drift_ended upstream=${upstream}`);
      return;
    }
    const shown = differences.slice(0, SHOWN_IN_LOG);
    const text = `contract_drift upstream=${upstream} differences=${differences.length}: ${shown.join(', ')}`;
    events.warn({ upstream, differences: shown }, text);
  }
}

/**
 * Compares the mounted contract with the server reflection of each backend at intervals. Requests are served either
 * way.
 */
@Injectable()
export class ContractDrift implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly reports = new Map<string, DriftReport>();
  private timer: NodeJS.Timeout | undefined;
  private pending: Promise<void> | undefined;

  constructor(
    @Inject(GATEWAY_CONFIG) private readonly config: GatewayConfig,
    private readonly contract: Contract,
    private readonly upstreams: Upstreams,
    private readonly signals: DriftSignals,
  ) {}

  onApplicationBootstrap(): void {
    const { driftIntervalMs } = this.config.health;
    if (driftIntervalMs === 0) return;
    void this.check();
    this.timer = setInterval(() => void this.check(), driftIntervalMs).unref();
  }

  onApplicationShutdown(): void {
    clearInterval(this.timer);
  }

  report(upstream: string): DriftReport {
    return this.reports.get(upstream) ?? NOT_ASKED;
  }

  /** Compares all backends concurrently, unless a comparison is in progress. Never rejects. */
  check(): Promise<void> {
    this.pending ??= this.checkAll().finally(() => (this.pending = undefined));
    return this.pending;
  }

  private async checkAll(): Promise<void> {
    await Promise.all(
      [...this.methodsByUpstream()].map(([upstream, methods]) => this.checkOne(upstream, [...methods])),
    );
  }

  private async checkOne(upstream: string, methods: readonly DescMethod[]): Promise<void> {
    const before = this.report(upstream);
    const after = await this.ask(upstream, methods).catch((error: unknown) => failed(before, error));
    this.reports.set(upstream, after);
    this.signals.tell(upstream, before, after);
  }

  private async ask(upstream: string, methods: readonly DescMethod[]): Promise<DriftReport> {
    const { differences, additions } = await withDeadline(deadlineFor(this.config.health.driftIntervalMs), (signal) =>
      readDrift(new ReflectionClient(upstream, this.upstreams.get(upstream), signal), methods),
    );
    const state = differences.length === 0 ? 'same' : 'drifted';
    return { state, differences, additions, failure: undefined };
  }

  private methodsByUpstream(): Map<string, ReadonlySet<DescMethod>> {
    const { config, contract } = this;
    const byUpstream = new Map<string, Set<DescMethod>>();
    for (const { route } of contract.routes) {
      const { upstream } = route.method;
      if (!config.upstreams.has(upstream)) continue;
      const methods = byUpstream.get(upstream) ?? new Set();
      byUpstream.set(upstream, methods.add(route.desc));
    }
    if (config.upstreams.has(GUARDRAIL)) byUpstream.set(GUARDRAIL, new Set(GuardrailService.methods));
    return byUpstream;
  }
}

/** Compares RPCs with the descriptors of a backend. Rejects with NoReflection, or the error of the call. */
export async function readDrift(client: ReflectionClient, methods: readonly DescMethod[]): Promise<Drift> {
  const services = [...new Set(methods.map(({ parent }) => parent.typeName))];
  return compareContract(methods, await client.fetchFiles(services, fileNames));
}

/**
 * Returns the state after a failed comparison: unchanged, or unknown for a backend that no longer supports
 * reflection.
 */
function failed(before: DriftReport, error: unknown): DriftReport {
  if (error instanceof NoReflection) return { ...NOT_ASKED, failure: error.message };
  return { ...before, failure: error instanceof Error ? error.message : String(error) };
}

function deadlineFor(intervalMs: number): number {
  return intervalMs === 0 ? DEADLINE_MS : Math.min(DEADLINE_MS, intervalMs);
}

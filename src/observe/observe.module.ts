import { Global, Module, type DynamicModule } from '@nestjs/common';
import { DrainState } from '../domain/drain-state.js';
import { UpstreamMeasure } from '../domain/upstream-measure.js';
import type { GatewayConfig } from '../config/gateway-config.js';
import { AccessLog } from './access-log.js';
import { AlertWebhook } from './alert-webhook.js';
import { certificateFiles, registerCertificateMetrics } from './certificate-metrics.js';
import { DegradeFlags } from './degrade-flags.js';
import { InFlightRegistry } from './in-flight.js';
import { RecentRequests } from './recent-requests.js';
import { GATEWAY_LOGGER, type GatewayLogger } from './logger.js';
import { GatewayMetrics } from './metrics.js';
import { Tracing } from './tracing/tracing.js';
import { WaitProfile } from './wait-profile.js';
import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import { VERSION } from '../version.js';
import { TraceMetrics } from './tracing/trace-metrics.js';

/**
 * Logger, metrics and tracing of a gateway. Created before the application, which needs the registry to build itself.
 */
export interface Observation {
  readonly metrics: GatewayMetrics;
  readonly inFlight: InFlightRegistry;
  readonly waits: WaitProfile;
  readonly drain: DrainState;
  readonly degradeFlags: DegradeFlags;
  readonly logger: GatewayLogger;
  /** Undefined while ENABLE_TRACING is off. */
  readonly tracing: Tracing | undefined;
  /** Changes the policy revision on the lines of later requests. */
  readonly revise: (policyRevision: string) => void;
}

/**
 * Creates the observation of one application; nothing of it is shared with another one in the same process.
 * @param policyRevision of the descriptors that it serves, for the lines of requests.
 */
export async function observe(
  config: GatewayConfig,
  processLogger: GatewayLogger,
  policyRevision: string,
): Promise<Observation> {
  const baseOf = (revision: string) => `${processLogger.base},"policy_revision":"${revision}"`;
  const logger = { ...processLogger, base: baseOf(policyRevision), access: config.log };
  const waits = new WaitProfile(config.admin?.mutexFraction ?? 0);
  const inFlight = new InFlightRegistry(waits);
  const metrics = new GatewayMetrics({ inFlight, droppedLines: () => logger.stream.dropped });
  registerCertificateMetrics(metrics.registry, certificateFiles(config));
  const webhook = webhookOf(config, metrics);
  const degradeFlags = new DegradeFlags(metrics, logger.events, {
    holdMs: config.health.recoveryHoldMs,
    onTransition: (transition) => webhook?.send(transition),
  });
  const tracing = await startTracing(config, { registry: metrics.registry, log: logger.events });
  const revise = (revision: string) => void (logger.base = baseOf(revision));
  return { metrics, inFlight, waits, drain: new DrainState(), degradeFlags, logger, tracing, revise };
}

/** Returns the alert webhook. With several workers, the first reports what all of them see. */
function webhookOf({ alerts, instance, worker }: GatewayConfig, metrics: GatewayMetrics): AlertWebhook | undefined {
  if (alerts === undefined || (worker !== undefined && worker.number > 1)) return undefined;
  const { webhookUrl: url, deployment } = alerts;
  return new AlertWebhook({ url, deployment, pod: instance, outcomes: metrics.alerts });
}

/** Provides metrics, the request log and the requests in flight. */
@Global()
@Module({})
export class ObserveModule {
  static create({ metrics, inFlight, drain, degradeFlags, logger, tracing }: Observation): DynamicModule {
    return {
      module: ObserveModule,
      providers: [
        AccessLog,
        RecentRequests,
        { provide: GatewayMetrics, useValue: metrics },
        { provide: UpstreamMeasure, useValue: metrics },
        { provide: GATEWAY_LOGGER, useValue: logger },
        { provide: InFlightRegistry, useValue: inFlight },
        { provide: DrainState, useValue: drain },
        { provide: DegradeFlags, useValue: degradeFlags },
        ...(tracing === undefined ? [] : [{ provide: Tracing, useValue: tracing }]),
      ],
      exports: [
        ...(tracing === undefined ? [] : [Tracing]),
        AccessLog,
        RecentRequests,
        GATEWAY_LOGGER,
        GatewayMetrics,
        UpstreamMeasure,
        InFlightRegistry,
        DrainState,
        DegradeFlags,
      ],
    };
  }
}

/**
 * Starts tracing, if it is on. OpenTelemetry is loaded only here, so that a gateway without tracing does not load it.
 */
async function startTracing(
  config: GatewayConfig,
  { registry, log }: { readonly registry: Registry; readonly log: Logger },
): Promise<Tracing | undefined> {
  const { tracing } = config;
  if (tracing === undefined) return undefined;
  const { openExport } = await import('./tracing/otlp.js');
  const exported = openExport(config, tracing, {
    version: VERSION,
    log,
    count: (outcome, spans) => metrics.count(outcome, spans),
  });
  const metrics = new TraceMetrics(registry, () => exported.queueLength);
  log.info({ endpoint: new URL(tracing.endpoint).origin, sample_ratio: tracing.sampleRatio }, 'tracing_started');
  return new Tracing(tracing, exported, config.metrics.exemplars);
}

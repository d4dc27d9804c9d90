import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import type { GatewayConfig } from '../../config/gateway-config.js';
import { VERSION } from '../../version.js';
import { TraceMetrics } from './trace-metrics.js';
import { Tracing } from './tracing.js';

/**
 * Starts tracing, if it is on. OpenTelemetry is loaded only here, so that a gateway without tracing does not load it.
 */
export async function startTracing(
  config: GatewayConfig,
  { registry, log }: { readonly registry: Registry; readonly log: Logger },
): Promise<Tracing | undefined> {
  const { tracing } = config;
  if (tracing === undefined) return undefined;
  const { openExport } = await import('./otlp.js');
  const exported = openExport(config, tracing, {
    version: VERSION,
    log,
    count: (outcome, spans) => metrics.count(outcome, spans),
  });
  const metrics = new TraceMetrics(registry, () => exported.queueLength);
  log.info({ endpoint: new URL(tracing.endpoint).origin, sample_ratio: tracing.sampleRatio }, 'tracing_started');
  return new Tracing(tracing, exported, config.metrics.exemplars);
}

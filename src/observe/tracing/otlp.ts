import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { defaultResource, type Resource, resourceFromAttributes } from '@opentelemetry/resources';
import { ATTR_SERVICE_NAME, ATTR_SERVICE_VERSION } from '@opentelemetry/semantic-conventions';
import { readFileSync } from 'node:fs';
import type { GatewayConfig } from '../../config/gateway-config.js';
import type { TracingConfig } from '../../config/schema/tracing-settings.js';
import { RequestSpans } from './request-spans.js';
import { BATCH_SIZE, type ExportParts, SpanExport } from './span-export.js';

/** Facts about the process beyond its settings. */
interface ProcessParts extends Pick<ExportParts, 'log' | 'count'> {
  readonly version: string;
}

/** Opens the export of spans to a collector that speaks OTLP over HTTP. It connects when there are spans. */
export function openExport(config: GatewayConfig, tracing: TracingConfig, parts: ProcessParts): SpanExport {
  const { version, log, count } = parts;
  const targets = new Map([...config.upstreams].map(([name, { target }]) => [name, target]));
  const origin = {
    resource: resourceOf(config, tracing, version),
    instrumentationScope: { name: 'api-gateway', version },
  };
  return new SpanExport({
    spans: new RequestSpans(origin, targets),
    exporter: exporterOf(tracing),
    queueSize: tracing.queueSize,
    delayMs: tracing.delayMs,
    log,
    count,
  });
}

function resourceOf({ instance, environment }: GatewayConfig, tracing: TracingConfig, version: string): Resource {
  const own = {
    [ATTR_SERVICE_VERSION]: version,
    'service.instance.id': instance,
    'deployment.environment.name': environment,
    ...tracing.resource,
    [ATTR_SERVICE_NAME]: tracing.serviceName,
  };
  return defaultResource().merge(resourceFromAttributes(own));
}

function exporterOf({
  endpoint,
  headers,
  timeoutMs,
  compression,
  caFile,
  queueSize,
}: TracingConfig): OTLPTraceExporter {
  return new OTLPTraceExporter({
    url: endpoint,
    headers: { ...headers },
    timeoutMillis: timeoutMs,
    compression: compression as never,
    // At the end all waiting batches are exported concurrently, beside the one in flight.
    concurrencyLimit: Math.ceil(queueSize / BATCH_SIZE) + 1,
    httpAgentOptions: { keepAlive: true, ...(caFile === undefined ? {} : { ca: readFileSync(caFile) }) },
  });
}

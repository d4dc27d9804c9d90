import type { ConfigWarning } from './config-error.js';
import type { GatewayConfig } from './gateway-config.js';
import type { Settings } from './schema.js';
import type { TracingConfig } from './tracing-config.js';
import { type Environment, isSet } from './variables.js';

const OTLP_PATH = '/v1/traces';
const OTLP_PORT = '4318';
const DEFAULT_ENDPOINT = `http://localhost:${OTLP_PORT}${OTLP_PATH}`;
/** Ports of Jaeger that do not accept OTLP over HTTP: Thrift, agent, gRPC, OTLP over gRPC, and the web UI. */
const OTHER_JAEGER_PORTS = new Set(['14268', '14250', '4317', '5778', '6831', '6832', '16686']);
const THRIFT_PATH = /^\/api\/traces\/?$/;
const ADDRESSES = ['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', 'OTEL_EXPORTER_OTLP_ENDPOINT', 'JAEGER_URL'] as const;

/** Maps the settings of tracing; undefined while it is disabled. */
export function tracingOf(settings: Settings): TracingConfig | undefined {
  if (!settings.ENABLE_TRACING) return undefined;
  const resource = settings.OTEL_RESOURCE_ATTRIBUTES ?? {};
  return {
    endpoint: endpointOf(settings),
    headers: { ...settings.OTEL_EXPORTER_OTLP_HEADERS, ...settings.OTEL_EXPORTER_OTLP_TRACES_HEADERS },
    timeoutMs: settings.OTEL_EXPORTER_OTLP_TIMEOUT,
    compression: settings.OTEL_EXPORTER_OTLP_COMPRESSION,
    caFile: settings.OTEL_EXPORTER_OTLP_CERTIFICATE,
    queueSize: settings.OTEL_BSP_MAX_QUEUE_SIZE,
    delayMs: settings.OTEL_BSP_SCHEDULE_DELAY,
    sampleRatio: settings.OTEL_SAMPLE_RATIO,
    slowMs: settings.GATEWAY_TRACE_SLOW,
    serviceName: settings.OTEL_SERVICE_NAME ?? resource['service.name'] ?? 'api-gateway',
    resource,
  };
}

function endpointOf(settings: Settings): string {
  const { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: own, OTEL_EXPORTER_OTLP_ENDPOINT: base, JAEGER_URL: jaeger } = settings;
  if (own !== undefined) return own;
  if (base !== undefined) return withOtlpPath(new URL(base));
  return jaeger === undefined ? DEFAULT_ENDPOINT : jaegerEndpoint(jaeger);
}

function withOtlpPath(url: URL): string {
  url.pathname = url.pathname.replace(/\/$/, '') + OTLP_PATH;
  return url.href;
}

/** Returns the OTLP URL of a Jaeger given by any of its ports, or by the path of its Thrift endpoint. */
export function jaegerEndpoint(raw: string): string {
  const url = new URL(raw);
  if (OTHER_JAEGER_PORTS.has(url.port)) url.port = OTLP_PORT;
  if (url.pathname.endsWith(OTLP_PATH)) return url.href;
  if (THRIFT_PATH.test(url.pathname)) url.pathname = '/';
  return withOtlpPath(url);
}

/** Warns of tracing settings without effect, and of an address that was translated. */
export function tracingWarnings({ tracing }: Pick<GatewayConfig, 'tracing'>, env: Environment): ConfigWarning[] {
  const set = ADDRESSES.filter((name) => isSet(env, name));
  if (tracing === undefined) {
    const reason = 'is set, but ENABLE_TRACING is not true: spans are not exported';
    return set.map((name) => ({ name, reason, hint: 'set ENABLE_TRACING=true, or remove it' }));
  }
  const [used, ...unused] = set;
  if (used === undefined) {
    const reason = `is true, but no collector is configured: spans are exported to ${tracing.endpoint}`;
    return [{ name: 'ENABLE_TRACING', reason, hint: 'set OTEL_EXPORTER_OTLP_ENDPOINT' }];
  }
  return [
    ...unused.map((name) => ({ name, reason: `has no effect together with ${used}`, hint: 'remove one of them' })),
    ...(used === 'JAEGER_URL' ? translationWarnings(env['JAEGER_URL'] ?? '', tracing) : []),
  ];
}

function translationWarnings(given: string, { endpoint }: TracingConfig): ConfigWarning[] {
  const { port, pathname } = new URL(given);
  if (!OTHER_JAEGER_PORTS.has(port) && !THRIFT_PATH.test(pathname)) return [];
  const reason = `is ${given}, which does not accept OTLP over HTTP: spans are exported to ${endpoint}`;
  return [{ name: 'JAEGER_URL', reason, hint: `set JAEGER_URL=${new URL(endpoint).origin}` }];
}

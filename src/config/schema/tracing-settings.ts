import { attributes, headerFields, ratio } from '../otel-texts.js';
import { defaulted, optional, type SettingsOf } from '../setting.js';
import { file, httpUrl, oneOf, text } from '../string-parsers.js';
import { count, duration, flag } from '../unit-parsers.js';

/** Settings of tracing. Names and units are those of OpenTelemetry where it defines them. */
export const tracingSettings = {
  ENABLE_TRACING: defaulted(flag, 'false', {
    description:
      'Export spans by OTLP over HTTP (protobuf). When disabled, spans are not recorded; trace context is propagated either way.',
  }),
  OTEL_SAMPLE_RATIO: defaulted(ratio, '0.01', {
    description: 'Share of requests whose trace is sampled, decided at the start of the request by the trace ID.',
  }),
  GATEWAY_TRACE_SLOW: defaulted(duration(), '1s', {
    description:
      'Duration from which a request is always sampled, as are rejected requests and those that fail with 5xx.',
  }),
  OTEL_EXPORTER_OTLP_ENDPOINT: optional(httpUrl, {
    description:
      'Base URL of the collector; `/v1/traces` is appended. Unset, and no other address set: `http://localhost:4318`.',
    example: 'http://otel-collector:4318',
  }),
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: optional(httpUrl, {
    description: 'URL for spans, used unchanged, in place of `OTEL_EXPORTER_OTLP_ENDPOINT`.',
    example: 'http://otel-collector:4318/v1/traces',
  }),
  JAEGER_URL: optional(httpUrl, {
    description:
      'URL of Jaeger at its OTLP port, used if no `OTEL_EXPORTER_OTLP_*` address is set. The Thrift path `:14268/api/traces` is replaced by `:4318/v1/traces`.',
    example: 'http://jaeger:4318',
  }),
  OTEL_EXPORTER_OTLP_HEADERS: optional(headerFields, {
    description: 'Headers of each export, such as an access token for the collector.',
    example: 'authorization=Bearer%20TOKEN',
  }),
  OTEL_EXPORTER_OTLP_TRACES_HEADERS: optional(headerFields, {
    description: 'Headers of each export of spans; they take precedence over `OTEL_EXPORTER_OTLP_HEADERS`.',
    example: 'authorization=Bearer%20TOKEN',
  }),
  OTEL_EXPORTER_OTLP_TIMEOUT: defaulted(count({ min: 1, max: 60_000 }), '10000', {
    description: 'Timeout of an export including its retries, in ms.',
  }),
  OTEL_EXPORTER_OTLP_COMPRESSION: defaulted(oneOf('none', 'gzip'), 'none', {
    description: 'Compression of exports.',
  }),
  OTEL_EXPORTER_OTLP_CERTIFICATE: optional(file, {
    description: 'PEM file of the certificate authority of an https collector.',
    example: '/etc/otel/ca.pem',
  }),
  OTEL_BSP_MAX_QUEUE_SIZE: defaulted(count({ min: 64, max: 65_536 }), '2048', {
    description:
      'Maximum number of spans that wait for export. When the queue is full, further spans are dropped and counted.',
  }),
  OTEL_BSP_SCHEDULE_DELAY: defaulted(count({ min: 1, max: 60_000 }), '5000', {
    description: 'Maximum time that a span waits for its batch to be exported, in ms.',
  }),
  OTEL_SERVICE_NAME: optional(text, {
    description: 'Name of the service in traces. Unset: `service.name` of the resource attributes, or `api-gateway`.',
    example: 'api-gateway',
  }),
  OTEL_RESOURCE_ATTRIBUTES: optional(attributes, {
    description: 'Resource attributes of all spans.',
    example: 'deployment.environment.name=production',
  }),
};

type TracingSettings = SettingsOf<typeof tracingSettings>;

const OTLP_PATH = '/v1/traces';
const OTLP_PORT = '4318';
const DEFAULT_ENDPOINT = `http://localhost:${OTLP_PORT}${OTLP_PATH}`;
/** Ports of Jaeger that do not accept OTLP over HTTP: Thrift, agent, gRPC, OTLP over gRPC, and the web UI. */
const OTHER_JAEGER_PORTS = new Set(['14268', '14250', '4317', '5778', '6831', '6832', '16686']);
const THRIFT_PATH = /^\/api\/traces\/?$/;

/** Maps the settings of tracing; undefined while it is disabled. */
export function tracingOf(settings: TracingSettings) {
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

function endpointOf(settings: TracingSettings): string {
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

/** Returns whether a URL of Jaeger has none of the ports and paths that need a translation. */
export function acceptsOtlp(raw: string): boolean {
  const { port, pathname } = new URL(raw);
  return !OTHER_JAEGER_PORTS.has(port) && !THRIFT_PATH.test(pathname);
}

export type TracingConfig = NonNullable<Readonly<ReturnType<typeof tracingOf>>>;

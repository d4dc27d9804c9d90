import { attributes, headerFields, ratio } from '../otel-texts.js';
import { count, duration, flag } from '../unit-parsers.js';
import { defaulted, optional } from '../setting.js';
import { file, httpUrl, oneOf, text } from '../string-parsers.js';

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

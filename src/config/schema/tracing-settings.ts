import { attributes, headerFields, ratio } from '../otel-texts.js';
import { count, duration, flag } from '../unit-parsers.js';
import { defaulted, optional } from '../setting.js';
import { file, httpUrl, oneOf, text } from '../string-parsers.js';

/** Which requests become traces, and where those go. Names and units are those of OpenTelemetry where it has them. */
export const tracingSettings = {
  ENABLE_TRACING: defaulted(flag, 'false', {
    description:
      'Export spans by OTLP over HTTP (protobuf). Off, nothing is recorded; trace context is passed on either way.',
  }),
  OTEL_SAMPLE_RATIO: defaulted(ratio, '0.01', {
    description: 'Share of requests whose trace is kept, decided at the start by the trace id.',
  }),
  GATEWAY_TRACE_SLOW: defaulted(duration(), '1s', {
    description:
      'Requests that take this long are kept beside that share, as are refused ones and those that fail with 5xx.',
  }),
  OTEL_EXPORTER_OTLP_ENDPOINT: optional(httpUrl, {
    description:
      'Base URL of the collector; `/v1/traces` is added. Unset, and no other address either: `http://localhost:4318`.',
    example: 'http://otel-collector:4318',
  }),
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: optional(httpUrl, {
    description: 'URL for spans, used as it is, in the place of `OTEL_EXPORTER_OTLP_ENDPOINT`.',
    example: 'http://otel-collector:4318/v1/traces',
  }),
  JAEGER_URL: optional(httpUrl, {
    description:
      'Jaeger, at its OTLP port, where no `OTEL_EXPORTER_OTLP_*` address is set. The Thrift path `:14268/api/traces` is replaced by `:4318/v1/traces`.',
    example: 'http://jaeger:4318',
  }),
  OTEL_EXPORTER_OTLP_HEADERS: optional(headerFields, {
    description: 'Headers of each export, such as a token of the collector.',
    example: 'authorization=Bearer%20TOKEN',
  }),
  OTEL_EXPORTER_OTLP_TRACES_HEADERS: optional(headerFields, {
    description: 'The same for spans alone; they win over those of `OTEL_EXPORTER_OTLP_HEADERS`.',
    example: 'authorization=Bearer%20TOKEN',
  }),
  OTEL_EXPORTER_OTLP_TIMEOUT: defaulted(count({ min: 1, max: 60_000 }), '10000', {
    description: 'Longest time of an export, its retries included, in ms.',
  }),
  OTEL_EXPORTER_OTLP_COMPRESSION: defaulted(oneOf('none', 'gzip'), 'none', {
    description: 'Compression of exports.',
  }),
  OTEL_EXPORTER_OTLP_CERTIFICATE: optional(file, {
    description: 'PEM file of the authority that signed the certificate of an https collector.',
    example: '/etc/otel/ca.pem',
  }),
  OTEL_BSP_MAX_QUEUE_SIZE: defaulted(count({ min: 64, max: 65_536 }), '2048', {
    description: 'Spans that wait for their export. What comes when it is full is dropped and counted.',
  }),
  OTEL_BSP_SCHEDULE_DELAY: defaulted(count({ min: 1, max: 60_000 }), '5000', {
    description: 'Longest time that a span waits for others to be exported with it, in ms.',
  }),
  OTEL_SERVICE_NAME: optional(text, {
    description: 'Name of the service in traces. Unset: `service.name` of the resource attributes, or `api-gateway`.',
    example: 'api-gateway',
  }),
  OTEL_RESOURCE_ATTRIBUTES: optional(attributes, {
    description: 'Attributes of this process on all its spans.',
    example: 'deployment.environment.name=production',
  }),
};

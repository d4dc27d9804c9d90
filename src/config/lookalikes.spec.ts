import { describe, expect, it } from 'vitest';
import { lookalikeWarnings } from './lookalikes.js';

describe('a variable that looks like a setting', () => {
  it.each([
    ['METRICS_PORT', '9090', 'OPS_PORT'],
    ['METRICS_ENABLED', 'true', 'ENABLE_METRICS'],
    ['ENABLE_METRIC', 'true', 'ENABLE_METRICS'],
    ['ENABLE_RATE_LIMIT', 'true', 'RATE_LIMIT_RPS'],
    ['RATE_LIMIT_RPM', '100', 'RATE_LIMIT_RPS'],
    ['REDIS_URI', 'redis://r', 'REDIS_URL'],
    ['REDIS_PORT', '6379', 'REDIS_URL'],
    ['REDIS_HOST', 'cache.internal', 'REDIS_URL'],
    ['LOGLEVEL', 'debug', 'LOG_LEVEL'],
    ['API_GATEWAY_POR', '1', 'API_GATEWAY_PORT'],
    ['BILLING_SERVICE_URI', 'b:1', 'BILLING_SERVICE_URL'],
    ['USER_SERVICE_ADDR', 'u:1', 'USER_SERVICE_URL'],
    ['JWT_SIGNING_KEY', 'x', 'JWT'],
    ['OTEL_TRACES_SAMPLER', 'always_on', 'OTEL_SAMPLE_RATIO'],
    ['OTEL_SDK_DISABLED', 'true', 'ENABLE_TRACING'],
    ['OTEL_EXPORTER_OTLP_PROTOCOL', 'grpc', 'http/protobuf'],
    ['OTEL_EXPORTER_OTLP_ENDPONT', 'http://c:4318', 'OTEL_EXPORTER_OTLP_ENDPOINT'],
    ['JAEGER_ENDPOINT', 'http://j', 'JAEGER_URL'],
    ['ENABLE_TRACES', 'true', 'ENABLE_TRACING'],
  ])('%s=%s is reported with the name that may be meant', (name, value, meant) => {
    const [warning] = lookalikeWarnings({ [name]: value });
    expect(warning).toMatchObject({ name, reason: 'is not a gateway setting and has no effect' });
    expect(warning?.hint).toContain(meant === 'JWT' ? 'docs/configuration.md' : meant);
  });

  it.each([
    ['PATH', '/bin'],
    ['APP_PORT', '1'],
    ['REDIS_URL', 'redis://r'],
    ['BILLING_SERVICE_URL', 'b:1'],
    ['JWT_ISSUER', 'i'],
    ['GATEWAY_NOPE', '1'],
    ['REDIS_URI', ''],
    // What Kubernetes sets for a Service named redis.
    ['REDIS_PORT', 'tcp://10.0.0.1:6379'],
    ['REDIS_PORT_6379_TCP_ADDR', '10.0.0.1'],
    ['REDIS_SERVICE_HOST', '10.0.0.1'],
    ['REDIS_SERVICE_PORT', '6379'],
    ['USER_SERVICE_SERVICE_HOST', '10.0.0.1'],
    ['OTEL_RESOURCE_ATTRIBUTES', 'a=b'],
    ['OTEL_EXPORTER_OTLP_PROTOCOL', 'http/protobuf'],
  ])('%s=%s is left alone', (name, value) => {
    expect(lookalikeWarnings({ [name]: value })).toEqual([]);
  });
});

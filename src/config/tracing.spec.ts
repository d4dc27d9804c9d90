import { describe, expect, it } from 'vitest';
import { ConfigError, formatProblem } from './config-error.js';
import { parseEnvironment } from './environment.js';
import { redactConfig } from './redact-config.js';
import { tracingWarnings } from './warnings.js';

const VALID = {
  AUTH_SERVICE_URL: 'auth-service:50051',
  USER_SERVICE_URL: 'user-service:50051',
  TENANT_SERVICE_URL: 'tenant-service:50051',
  JWT_JWKS_URL: 'https://issuer.test/jwks.json',
  JWT_ISSUER: 'https://issuer.test',
};
const ON = { ...VALID, ENABLE_TRACING: 'true' };

const endpoint = (env: Record<string, string>) => parseEnvironment({ ...ON, ...env }).tracing?.endpoint;
const warningsOf = (env: Record<string, string>) =>
  tracingWarnings(parseEnvironment({ ...VALID, ...env }), env).map(
    ({ name, reason, hint }) => `${name} ${reason}: ${hint}`,
  );

function problemsOf(env: Record<string, string>): string[] {
  try {
    parseEnvironment({ ...ON, ...env });
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.map(formatProblem);
    throw error;
  }
}

describe('tracing', () => {
  it('is off unless it is asked for', () => {
    expect(parseEnvironment(VALID).tracing).toBeUndefined();
    expect(parseEnvironment({ ...VALID, OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c:4318' }).tracing).toBeUndefined();
  });

  it.each([
    [{}, 'http://localhost:4318/v1/traces'],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c:4318' }, 'http://c:4318/v1/traces'],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'https://c.test/otlp/' }, 'https://c.test/otlp/v1/traces'],
    [
      { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c:4318', OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://t:1/in' },
      'http://t:1/in',
    ],
    [{ JAEGER_URL: 'http://jaeger:14268/api/traces' }, 'http://jaeger:4318/v1/traces'],
    [{ JAEGER_URL: 'http://jaeger:14268' }, 'http://jaeger:4318/v1/traces'],
    [{ JAEGER_URL: 'http://jaeger:16686/' }, 'http://jaeger:4318/v1/traces'],
    [{ JAEGER_URL: 'http://jaeger:4317' }, 'http://jaeger:4318/v1/traces'],
    [{ JAEGER_URL: 'http://jaeger:4318' }, 'http://jaeger:4318/v1/traces'],
    [{ JAEGER_URL: 'http://jaeger:4318/v1/traces' }, 'http://jaeger:4318/v1/traces'],
    [{ JAEGER_URL: 'https://jaeger.test/collector' }, 'https://jaeger.test/collector/v1/traces'],
    [
      { JAEGER_URL: 'http://jaeger:14268/api/traces', OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c:1' },
      'http://c:1/v1/traces',
    ],
  ])('with %j sends spans to %s', (env, expected) => {
    expect(endpoint(env)).toBe(expected);
  });

  it('takes the name of the service from either place', () => {
    expect(parseEnvironment(ON).tracing?.serviceName).toBe('api-gateway');
    const attributes = { OTEL_RESOURCE_ATTRIBUTES: 'service.name=edge,team=a%2Cb' };
    expect(parseEnvironment({ ...ON, ...attributes }).tracing).toMatchObject({
      serviceName: 'edge',
      resource: { 'service.name': 'edge', team: 'a,b' },
    });
    expect(parseEnvironment({ ...ON, ...attributes, OTEL_SERVICE_NAME: 'bff' }).tracing?.serviceName).toBe('bff');
  });

  it('never prints what the headers of its exports hold', () => {
    const config = parseEnvironment({
      ...ON,
      OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Bearer%20s3cret-token,x-team=edge',
      OTEL_EXPORTER_OTLP_TRACES_HEADERS: 'api-key=other-s3cret',
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'https://c.test/in?token=third-s3cret',
    });
    expect(config.tracing?.headers).toEqual({
      authorization: 'Bearer s3cret-token',
      'x-team': 'edge',
      'api-key': 'other-s3cret',
    });
    const printed = JSON.stringify(redactConfig(config));
    expect(printed).not.toContain('s3cret');
    expect(printed).toContain('"api-key":"sha256:');
  });

  it.each([
    ['OTEL_SAMPLE_RATIO', '1%'],
    ['OTEL_SAMPLE_RATIO', '1.5'],
    ['OTEL_SAMPLE_RATIO', '-0.1'],
    ['ENABLE_TRACING', 'yes'],
    ['JAEGER_URL', 'jaeger:14268'],
    ['OTEL_EXPORTER_OTLP_ENDPOINT', 'http://user:pw@c:4318'],
    ['OTEL_EXPORTER_OTLP_TIMEOUT', '10s'],
    ['OTEL_EXPORTER_OTLP_HEADERS', 'Bearer s3cret'],
    ['OTEL_EXPORTER_OTLP_HEADERS', 'a=%0d%0ax: s3cret'],
    ['OTEL_RESOURCE_ATTRIBUTES', 'a=%zz'],
  ])('refuses %s=%s and says how to write it', (name, value) => {
    const problems = problemsOf({ [name]: value });
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(name);
    expect(problems[0]).not.toContain('s3cret');
  });

  it.each([
    [{ JAEGER_URL: 'http://j:14268/api/traces' }, 'JAEGER_URL is set, but ENABLE_TRACING is not true'],
    [{ ENABLE_TRACING: 'true' }, 'ENABLE_TRACING is true, but no collector is configured'],
    [
      { ENABLE_TRACING: 'true', JAEGER_URL: 'http://j:14268/api/traces' },
      'spans are exported to http://j:4318/v1/traces: set JAEGER_URL=http://j:4318',
    ],
    [
      { ENABLE_TRACING: 'true', JAEGER_URL: 'http://j:4318', OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c:4318' },
      'JAEGER_URL has no effect together with OTEL_EXPORTER_OTLP_ENDPOINT',
    ],
  ])('with %j warns: %s', (env, text) => {
    expect(warningsOf(env as Record<string, string>)).toEqual([expect.stringContaining(text)]);
  });

  it('warns of nothing where all is as it should be', () => {
    expect(warningsOf({})).toEqual([]);
    expect(warningsOf({ ENABLE_TRACING: 'true', JAEGER_URL: 'http://j:4318' })).toEqual([]);
    expect(warningsOf({ ENABLE_TRACING: 'true', OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c:4318' })).toEqual([]);
  });
});

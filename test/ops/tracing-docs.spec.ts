import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { parseEnvironment } from '../../src/config/environment.js';
import { startTestGateway, type TestGateway } from '../support/gateway.js';
import { OtlpReceiver } from '../support/otlp-receiver.js';
import { shellBlock } from '../support/code-blocks.js';
import { readText } from './project-files.js';
import { until } from '../support/until.js';

interface CollectorConfig {
  readonly receivers: object;
  readonly processors: { readonly tail_sampling: { readonly decision_wait: string; readonly policies: unknown[] } };
  readonly exporters: object;
  readonly service: {
    readonly pipelines: Readonly<Record<string, Readonly<Record<'receivers' | 'processors' | 'exporters', string[]>>>>;
  };
}

const PAGE = 'docs/tracing.md';
const JAEGER = 'http://jaeger:14268/api/traces';
const run = promisify(execFile);

let receiver: OtlpReceiver;
let gateway: TestGateway;

beforeAll(async () => {
  receiver = await OtlpReceiver.start();
  gateway = await startTestGateway({
    env: { ENABLE_TRACING: 'true', METRICS_EXEMPLARS: 'true', OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url },
  });
});
afterAll(async () => {
  await gateway.close();
  await receiver.close();
});

async function bash(script: string): Promise<string> {
  const { stdout } = await run('bash', ['-c', script.replaceAll('http://localhost:8080', gateway.url)]);
  return stdout;
}

describe('the page on traces', () => {
  it('switches them on', async () => {
    const printed = await bash(`${shellBlock(PAGE, 'export ENABLE_TRACING')} env`);
    const env = Object.fromEntries(
      printed.split('\n').map((line) => line.split(/=(.*)/s).slice(0, 2) as [string, string]),
    );
    const { ENABLE_TRACING, OTEL_EXPORTER_OTLP_ENDPOINT } = env;
    const config = parseEnvironment({ ...gateway.sandbox.gatewayEnv(), ENABLE_TRACING, OTEL_EXPORTER_OTLP_ENDPOINT });
    expect(config.tracing?.endpoint).toBe('http://otel-collector:4318/v1/traces');
  });

  it('says where the old address of Jaeger leads', () => {
    expect(readText(PAGE)).toContain(JAEGER);
    const env = { ...gateway.sandbox.gatewayEnv(), ENABLE_TRACING: 'true', JAEGER_URL: JAEGER };
    expect(parseEnvironment(env).tracing?.endpoint).toBe('http://jaeger:4318/v1/traces');
  });

  it('finds the trace of a request, its log line and its exemplar', async () => {
    const traceId = /x-trace-id: (\w{32})/.exec(await bash(shellBlock(PAGE, 'x-trace-id')))?.[1] ?? '';
    const spans = await receiver.trace(traceId);
    expect(spans[0]?.attributes['auth.outcome']).toBe('deny');
    const line = await until(() => gateway.lines.find(({ trace_id: id }) => id === traceId));
    expect(line).toMatchObject({ trace_sampled: true, status: 401 });
    expect(await bash(shellBlock(PAGE, 'openmetrics'))).toContain(`trace_id="${traceId}"`);
  });
});

describe('the example of a collector', () => {
  const text = readText('observability/otel-collector.yml');
  const { receivers, processors, exporters, service } = parse(text) as CollectorConfig;
  const { decision_wait: wait, policies } = processors.tail_sampling;

  it('has one pipeline, of parts that it declares', () => {
    const { traces, ...others } = service.pipelines;
    expect(others).toEqual({});
    expect(traces?.receivers).toEqual(Object.keys(receivers));
    expect(traces?.processors).toEqual(Object.keys(processors));
    expect(traces?.exporters).toEqual(Object.keys(exporters));
  });

  it('keeps what the gateway keeps by itself, once every span is there', () => {
    const { tracing, timeouts } = parseEnvironment({
      ...gateway.sandbox.gatewayEnv(),
      ENABLE_TRACING: 'true',
      JAEGER_URL: JAEGER,
    });
    expect(policies).toEqual([
      { name: 'failed', type: 'status_code', status_code: { status_codes: ['ERROR'] } },
      { name: 'refused', type: 'string_attribute', string_attribute: { key: 'auth.outcome', values: ['deny'] } },
      { name: 'slow', type: 'latency', latency: { threshold_ms: tracing?.slowMs } },
      {
        name: 'share',
        type: 'probabilistic',
        probabilistic: { sampling_percentage: 100 * (tracing?.sampleRatio ?? 0) },
      },
    ]);
    expect(Number.parseInt(wait, 10) * 1000).toBeGreaterThan(timeouts.requestMs);
  });
});

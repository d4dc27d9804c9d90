import { afterAll, beforeAll, expect, it } from 'vitest';
import { Client } from '../support/client.js';
import { stages, startTestGateway, type TestGateway } from '../support/gateway.js';
import { OtlpReceiver, type ReceivedSpan } from '../support/otlp-receiver.js';
import { until } from '../support/until.js';

const QUEUE = 64;

let receiver: OtlpReceiver;
let gateway: TestGateway;
let alice: Client;

beforeAll(async () => {
  receiver = await OtlpReceiver.start();
  gateway = await startTestGateway({
    env: {
      ENABLE_TRACING: 'true',
      OTEL_SAMPLE_RATIO: '1',
      JAEGER_URL: receiver.url,
      OTEL_BSP_SCHEDULE_DELAY: '20',
      OTEL_BSP_MAX_QUEUE_SIZE: String(QUEUE),
      OTEL_EXPORTER_OTLP_TIMEOUT: '2000',
      OTEL_EXPORTER_OTLP_COMPRESSION: 'gzip',
    },
  });
  alice = await Client.of(gateway, 'alice@acme.test');
});
afterAll(() => gateway.close());

async function value(series: string): Promise<number> {
  const text = await (await fetch(`${gateway.url}/metrics`)).text();
  const line = text.split('\n').find((each) => each.startsWith(`${series} `));
  return Number(line?.slice(series.length + 1) ?? Number.NaN);
}
const spansThat = (outcome: string) => value(`gateway_trace_spans_total{outcome="${outcome}"}`);
const told = (message: string) => gateway.lines.filter(({ msg }) => String(msg).startsWith(message)).length;
const get = async () => (await alice.get('/api/v1/users/acme-alice')).status;

const parent = (traceId: string) => ({ traceparent: `00-${traceId}-00f067aa0ba902b7-01` });
const serverOf = (all: readonly ReceivedSpan[]) => all.find(({ kind }) => kind === 'SERVER');

it('a stream is one span with one attempt, whatever its messages, and is not slow because it is long', async () => {
  const traceId = 'c'.repeat(32);
  const ask = (headers: Record<string, string>) =>
    alice.send('POST', '/api/v1/ai:stream', { query: 'stream 5 tokens' }, { accept: 'text/event-stream', ...headers });
  const response = await ask(parent(traceId));
  expect(response.status).toBe(200);
  await response.text();
  const spans = await receiver.trace(traceId);
  const attempt = spans.find(({ kind, name }) => kind === 'CLIENT' && name.startsWith('ai.v1.'));
  expect(attempt).toMatchObject({ status: 'UNSET', parentSpanId: serverOf(spans)?.spanId });
  expect(attempt?.attributes['rpc.response.status_code']).toBe('OK');
});

it('a trace that ends early has the attempts that ended after it', async () => {
  await gateway.sandbox.setFault('user', { mode: 'hang' });
  const traceId = 'f'.repeat(32);
  const abort = new AbortController();
  const request = fetch(`${gateway.url}/api/v1/users/acme-alice`, {
    headers: { authorization: `Bearer ${alice.token}`, ...parent(traceId) },
    signal: abort.signal,
  }).catch(() => undefined);
  await until(() => stages(gateway).includes('upstream'));
  abort.abort();
  await request;
  await gateway.sandbox.setFault('user', { mode: 'none' });
  const spans = await receiver.trace(traceId);
  expect(serverOf(spans)?.attributes['http.response.status_code']).toBe(499);
  await expect
    .poll(() => receiver.spans.find((span) => span.traceId === traceId && span.kind === 'CLIENT'))
    .toMatchObject({ status: 'ERROR', attributes: { 'rpc.response.status_code': 'CANCELLED' } });
});

it('a collector that is away costs nothing but spans, and is told once', async () => {
  expect(await get()).toBe(200);
  await expect.poll(() => spansThat('exported')).toBeGreaterThan(0);
  expect(receiver.headers['content-encoding']).toBe('gzip');
  const { port } = receiver;

  await receiver.close();
  for (let round = 0; round < 10; round++) {
    const statuses = await Promise.all(Array.from({ length: 30 }, get));
    expect(new Set(statuses)).toEqual(new Set([200]));
    expect(await value('gateway_trace_queue_spans')).toBeLessThanOrEqual(QUEUE);
  }
  await expect.poll(() => spansThat('dropped')).toBeGreaterThan(0);
  await expect.poll(() => spansThat('failed')).toBeGreaterThan(0);
  await expect.poll(() => value('gateway_trace_queue_spans')).toBe(0);
  await get();
  await expect.poll(() => value('gateway_trace_queue_spans')).toBe(0);
  expect(told('trace_export_failing')).toBe(1);

  receiver = await OtlpReceiver.start(port);
  try {
    await expect.poll(async () => [await get(), told('trace_export_recovered')]).toEqual([200, 1]);
    await expect.poll(() => receiver.spans.length).toBeGreaterThan(0);
    expect(told('trace_export_failing')).toBe(1);
  } finally {
    await receiver.close();
  }
});

it('what waits for its export at the end is exported by the drain', async () => {
  const collector = await OtlpReceiver.start();
  const own = await startTestGateway({
    env: {
      ENABLE_TRACING: 'true',
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${collector.url}/custom/path`,
      OTEL_BSP_SCHEDULE_DELAY: '60000',
    },
  });
  const response = await fetch(`${own.url}/api/v1/users`);
  await response.text();
  expect(collector.exports).toBe(0);
  await own.close();
  expect(collector.path).toBe('/custom/path');
  expect(collector.spans.map(({ traceId }) => traceId)).toContain(response.headers.get('x-trace-id'));
  await collector.close();
});

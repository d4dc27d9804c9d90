import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Client } from '../support/client.js';
import { startTestGateway, type TestGateway } from '../support/gateway.js';
import { OtlpReceiver } from '../support/otlp-receiver.js';

/** Accept header of Prometheus 3. */
const PROMETHEUS =
  'application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2';
const OPEN_METRICS = 'application/openmetrics-text; version=1.0.0; charset=utf-8';
const TEXT = 'text/plain; version=0.0.4; charset=utf-8';

let receiver: OtlpReceiver;
let gateway: TestGateway;

beforeAll(async () => {
  receiver = await OtlpReceiver.start();
  gateway = await startTestGateway({
    env: {
      OPS_PORT: '0',
      METRICS_EXEMPLARS: 'true',
      ENABLE_TRACING: 'true',
      OTEL_SAMPLE_RATIO: '0',
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
    },
  });
});
afterAll(async () => {
  await gateway.close();
  await receiver.close();
});

async function scrape(accept?: string, { opsUrl, url } = gateway.gateway) {
  const headers = accept === undefined ? undefined : { accept };
  const response = await fetch(`${opsUrl ?? url}/metrics`, headers && { headers });
  return { type: response.headers.get('content-type'), text: await response.text() };
}

describe('METRICS_EXEMPLARS', () => {
  it('names the trace of a kept request beside its bucket, for scrapes that ask for OpenMetrics', async () => {
    const alice = await Client.of(gateway, 'alice@acme.test');
    const forgotten = (await alice.get('/api/v1/users/acme-alice')).headers.get('x-trace-id') ?? '';
    const traceId = (await fetch(`${gateway.url}/api/v1/users`)).headers.get('x-trace-id') ?? '';
    await expect.poll(async () => (await scrape(PROMETHEUS)).text).toContain(traceId);
    const { type, text } = await scrape(PROMETHEUS);
    expect(type).toBe(OPEN_METRICS);
    expect(text).toMatch(
      new RegExp(
        `^gateway_http_request_duration_seconds_bucket\\{.*status_class="4xx".*\\} 1 # \\{trace_id="${traceId}"\\} [0-9.e-]+ [0-9.]+$`,
        'm',
      ),
    );
    expect(text).toMatch(new RegExp(`^gateway_auth_duration_seconds_bucket.*# \\{trace_id="${traceId}"\\}`, 'm'));
    expect(text).not.toContain(forgotten);
    expect(text).toMatch(/\n# EOF\n$/);
  });

  it('leaves each counter its name in either format, whoever asked before', async () => {
    const sample = /^http_requests_total\{/m;
    const [open, plain] = await Promise.all([scrape(PROMETHEUS), scrape()]);
    expect(open.text).toMatch(/^# TYPE http_requests counter$/m);
    expect(open.text).toMatch(sample);
    expect(plain.type).toBe(TEXT);
    expect(plain.text).toMatch(/^# TYPE http_requests_total counter$/m);
    expect(plain.text).toMatch(sample);
    expect(plain.text).not.toContain('trace_id=');
    const names = (text: string) =>
      new Set(text.split('\n').map((line) => /^((?:gateway|http|upstream)_[a-z_]+)(?:\{| )/.exec(line)?.[1]));
    expect(names(open.text)).toEqual(names(plain.text));
  });

  it.each([undefined, '*/*', 'text/plain', 'text/html', 'application/openmetrics-text;q=0'])(
    'sends the text format to whoever does not ask for the other one: %s',
    async (accept) => {
      expect((await scrape(accept)).type).toBe(TEXT);
    },
  );

  it('off, it sends the text format to all', async () => {
    const own = await startTestGateway({ sandbox: gateway.sandbox });
    try {
      expect((await scrape(PROMETHEUS, own.gateway)).type).toBe(TEXT);
    } finally {
      await own.gateway.drain();
    }
  });
});

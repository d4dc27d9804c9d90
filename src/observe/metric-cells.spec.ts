import { Counter, Histogram, type OpenMetricsContentType, Registry } from 'prom-client';
import { describe, expect, it } from 'vitest';
import { CellMap, CounterCell, HistogramCell } from './metric-cells.js';

const LABELS = ['path', 'status'] as const;
const BOUNDS = [0.005, 0.1, 1, 10];
const REQUESTS = [
  ['/a', 200, 0.001],
  ['/a', 200, 0.005],
  ['/b', 200, 0.1],
  ['/b', 404, 0.100001],
  ['/a', 200, 10],
  ['/a', 404, 11],
] as const;

function metrics() {
  const registry = new Registry();
  const registers = [registry];
  const counter = new Counter({ name: 'c', help: 'c', labelNames: LABELS, registers });
  const histogram = new Histogram({ name: 'h', help: 'h', labelNames: LABELS, buckets: BOUNDS, registers });
  const plain = new Histogram({ name: 'p', help: 'p', buckets: BOUNDS, registers });
  return { registry, counter, histogram, plain };
}

/** The same observations as prom-client makes them. */
async function expected(): Promise<string> {
  const { registry, counter, histogram, plain } = metrics();
  for (const [path, status, seconds] of REQUESTS) {
    counter.inc({ path, status });
    histogram.observe({ path, status }, seconds);
    plain.observe(seconds);
  }
  return registry.metrics();
}

describe('cells of metrics', () => {
  it('count and observe what prom-client would', async () => {
    const { registry, counter, histogram, plain } = metrics();
    const counts = new CellMap((path, _, status) => new CounterCell(counter, { path, status }));
    const times = new CellMap((path, _, status) => new HistogramCell(histogram, { path, status }));
    const all = new HistogramCell(plain);
    for (const [path, status, seconds] of REQUESTS) {
      counts.of(path, '', status).inc();
      times.of(path, '', status).observe(seconds);
      all.observe(seconds);
    }
    expect(await registry.metrics()).toBe(await expected());
  });

  it('go on with what prom-client has of their labels', async () => {
    const { registry, counter, histogram, plain } = metrics();
    for (const [path, status, seconds] of REQUESTS.slice(0, 4)) {
      counter.inc({ path, status });
      histogram.observe({ path, status }, seconds);
      plain.observe(seconds);
    }
    for (const [path, status, seconds] of REQUESTS.slice(4)) {
      new CounterCell(counter, { path, status }).inc();
      new HistogramCell(histogram, { path, status }).observe(seconds);
      new HistogramCell(plain).observe(seconds);
    }
    expect(await registry.metrics()).toBe(await expected());
  });

  it('name the trace of an observation beside its bucket', async () => {
    const registry = new Registry<OpenMetricsContentType>();
    registry.setContentType(Registry.OPENMETRICS_CONTENT_TYPE);
    const options = { name: 'h', help: 'h', labelNames: ['path'], buckets: BOUNDS, enableExemplars: true };
    const cell = new HistogramCell(new Histogram({ ...options, registers: [registry] }), { path: '/a' });
    cell.observe(0.05);
    cell.observeTraced(0.05, 'abc');
    expect(await registry.metrics()).toMatch(/h_bucket\{le="0\.1",path="\/a"\} 2 # \{trace_id="abc"\} 0\.05/);
  });
});

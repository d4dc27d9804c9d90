import {
  Counter,
  Gauge,
  Histogram,
  type OpenMetricsContentType,
  Registry,
  type RegistryContentType,
} from 'prom-client';
import { describe, expect, it } from 'vitest';
import { OPEN_METRICS_TYPE, openMetricsExposition, textExposition } from './exposition.js';

const ROUTES = 700;

/** A metric of each kind, two of them with more lines than are written in one go. */
function registryOf<T extends RegistryContentType>(registry: Registry<T>): Registry<T> {
  const registers = [registry as Registry];
  const counter = new Counter({ name: 'requests_total', help: 'Requests.', labelNames: ['route'], registers });
  const time = new Histogram({ name: 'seconds', help: 'Time.', labelNames: ['route'], buckets: [1, 2], registers });
  new Gauge({ name: 'none', help: 'Nothing yet.', labelNames: ['route'], registers });
  new Gauge({ name: 'up', help: 'A value.', registers }).set(1);
  for (let route = 0; route < ROUTES; route++) {
    counter.inc({ route: `/"${route}"` }, route);
    time.observe({ route: String(route) }, route % 3);
  }
  return registry;
}

async function turnsOf(render: Promise<string>): Promise<number> {
  let turns = 0;
  let isDone = false;
  const count = () => {
    turns += 1;
    if (!isDone) setImmediate(count);
  };
  setImmediate(count);
  await render;
  isDone = true;
  return turns;
}

describe('the exposition of metrics', () => {
  it('is what prom-client writes', async () => {
    const registry = registryOf(new Registry());
    expect(await textExposition(registry)).toBe(await registry.metrics());
  });

  it('is what prom-client writes as OpenMetrics', async () => {
    const open = new Registry<OpenMetricsContentType>();
    open.setContentType(OPEN_METRICS_TYPE);
    const expected = await registryOf(open).metrics();
    const registry = registryOf(new Registry());
    expect(await openMetricsExposition(registry)).toBe(expected);
    expect(await textExposition(registry)).toContain('# TYPE requests_total counter');
  });

  it('lets others run every few hundred lines', async () => {
    const registry = registryOf(new Registry());
    expect(await turnsOf(textExposition(registry))).toBeGreaterThan(10);
  });
});

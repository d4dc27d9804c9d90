import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { expect, it } from 'vitest';
import { GatewayMetrics } from '../../observe/metrics.js';
import { gaugeRule, MergedMetrics, type MetricsSnapshot } from './merged-metrics.js';

async function snapshot(requests: number, up: number): Promise<MetricsSnapshot> {
  const registry = new Registry();
  const registers = [registry];
  new Counter({ name: 'requests_total', help: 'h', labelNames: ['route'], registers }).inc({ route: '/a' }, requests);
  const seconds = new Histogram({ name: 'seconds', help: 'h', buckets: [1, 2], registers });
  for (let n = 0; n < requests; n++) seconds.observe(1.5);
  new Counter({ name: 'nodejs_eventloop_busy_seconds_total', help: 'h', registers }).inc(requests);
  new Gauge({ name: 'gateway_in_flight_requests', help: 'h', registers }).set(requests);
  new Gauge({ name: 'gateway_upstream_up', help: 'h', registers }).set(up);
  new Gauge({ name: 'gateway_degraded', help: 'h', registers }).set(1 - up);
  return (await registry.getMetricsAsJSON()) as unknown as MetricsSnapshot;
}

async function valuesOf(metrics: MergedMetrics): Promise<Record<string, number>> {
  const lines = (await metrics.merged([]).metrics()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return Object.fromEntries(lines.map((line) => line.split(' ')).map(([name = '', value]) => [name, Number(value)]));
}

it('counters, histograms and most gauges add up; what is worst in one worker is that of the whole, and event loops have their mean', async () => {
  const merged = new MergedMetrics(2);
  merged.take(1, await snapshot(3, 1));
  merged.take(2, await snapshot(4, 0));
  expect(await valuesOf(merged)).toEqual({
    'requests_total{route="/a"}': 7,
    'seconds_bucket{le="1"}': 0,
    'seconds_bucket{le="2"}': 7,
    'seconds_bucket{le="+Inf"}': 7,
    seconds_sum: 10.5,
    seconds_count: 7,
    nodejs_eventloop_busy_seconds_total: 3.5,
    gateway_in_flight_requests: 7,
    gateway_upstream_up: 0,
    gateway_degraded: 1,
  });
});

it('what a worker has counted stays when it ends, and what it measured goes', async () => {
  const merged = new MergedMetrics(2);
  merged.take(1, await snapshot(3, 1));
  merged.take(2, await snapshot(4, 0));
  merged.retire(2);
  const after = { gateway_in_flight_requests: 3, gateway_upstream_up: 1, gateway_degraded: 0 };
  expect(await valuesOf(merged)).toMatchObject({ 'requests_total{route="/a"}': 7, seconds_count: 7, ...after });
  merged.take(2, await snapshot(1, 1));
  merged.retire(2);
  expect(await valuesOf(merged)).toMatchObject({ 'requests_total{route="/a"}': 8, seconds_count: 8 });
});

it('workers that end at the same moment leave all that they counted', async () => {
  const merged = new MergedMetrics(2);
  merged.take(1, await snapshot(3, 1));
  merged.take(2, await snapshot(4, 0));
  merged.retire(1);
  merged.retire(2);
  expect(await valuesOf(merged)).toMatchObject({ 'requests_total{route="/a"}': 7, seconds_count: 7 });
});

it('every gauge of a gateway has a rule that fits it', async () => {
  const metrics = new GatewayMetrics({ inFlight: Object.assign([], { size: 0 }), droppedLines: () => 0 });
  const all = (await metrics.registry.getMetricsAsJSON()) as unknown as MetricsSnapshot;
  const names = (rule: string) =>
    all
      .filter(({ type }) => String(type) === 'gauge')
      .map(({ name }) => name)
      .filter((name) => gaugeRule(name) === rule);
  expect(names('min').toSorted()).toEqual(['gateway_config_last_reload_successful', 'gateway_upstream_up']);
  expect(names('sum').toSorted()).toEqual([
    'api_gateway_active_requests',
    'gateway_ai_streams_active',
    'gateway_auth_cache_bytes',
    'gateway_auth_cache_singleflight_waiters',
    'gateway_auth_cache_size',
    'gateway_auth_cache_untold_rejections',
    'gateway_budget_debit_outbox_capacity',
    'gateway_budget_debit_outbox_depth',
    'gateway_budget_debit_outbox_shelf_bytes',
    'gateway_budget_debit_outbox_shelf_capacity_bytes',
    'gateway_budget_debit_outbox_unsaved',
    'gateway_cache_bytes',
    'gateway_in_flight_requests',
    'gateway_in_flight_stage_requests',
    'gateway_singleflight_waiters',
    'nodejs_heap_size_limit_bytes',
    'rate_limit_active_limiters',
    'rate_limit_max_limiters',
  ]);
});

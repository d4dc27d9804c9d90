import { Registry } from 'prom-client';
import { describe, expect, it } from 'vitest';
import { BoundedMetrics } from './bounded-metrics.js';

async function lines(registry: Registry): Promise<string[]> {
  return (await registry.metrics()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
}

describe('BoundedMetrics', () => {
  it('begins at 0 for every cache and every flight', async () => {
    const registry = new Registry();
    new BoundedMetrics(registry);
    const all = await lines(registry);
    expect(all.length).toBeGreaterThan(15);
    for (const line of all) expect(line).toMatch(/ 0$/);
  });

  it('reads its owners at each scrape', async () => {
    const registry = new Registry();
    const metrics = new BoundedMetrics(registry);
    let evicted = 3;
    metrics.watchEvictions('jwt', () => evicted);
    metrics.watchAuthCache(() => ({ entries: 1, bytes: 2 }));
    metrics.watchFlights('auth_cache', () => ({ waiting: 5, count: 0, totalMs: 0, maxMs: 0 }));
    expect(await lines(registry)).toContain('gateway_cache_evictions_total{cache="jwt"} 3');
    evicted = 4;
    const text = await lines(registry);
    expect(text).toContain('gateway_cache_evictions_total{cache="jwt"} 4');
    expect(text).toContain('gateway_auth_cache_evictions_total{reason="bytes"} 2');
    expect(text).toContain('gateway_singleflight_waiters{flight="auth_cache"} 5');
    expect(text).toContain('gateway_auth_cache_singleflight_waiters 5');
  });
});

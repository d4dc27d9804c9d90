import { describe, expect, it } from 'vitest';
import { RecentRequest } from '../../../observe/recent-requests.js';
import { latencyByRoute } from './route-latency.js';

function request(route: string, durationMs: number, status = 200): RecentRequest {
  return Object.assign(new RecentRequest(), { at: 1, method: 'GET', route, durationMs, status });
}

describe('the latency of the last requests', () => {
  it('is their nearest-rank percentiles by route, the busiest first', () => {
    const hundred = Array.from({ length: 100 }, (_, n) => request('/a', 100 - n));
    const requests = [request('/b', 7, 503), ...hundred];
    expect(latencyByRoute(requests)).toEqual([
      { method: 'GET', route: '/a', count: 100, errors: 0, p50Ms: 50, p99Ms: 99 },
      { method: 'GET', route: '/b', count: 1, errors: 1, p50Ms: 7, p99Ms: 7 },
    ]);
  });

  it('is that of thirty routes at most', () => {
    expect(latencyByRoute(Array.from({ length: 40 }, (_, n) => request(`/${n}`, 1)))).toHaveLength(30);
    expect(latencyByRoute([])).toEqual([]);
  });
});

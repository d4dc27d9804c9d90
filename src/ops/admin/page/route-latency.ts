import type { RecentRequest } from '../../../observe/recent-requests.js';

const MAX_ROUTES = 30;
const FIRST_SERVER_ERROR = 500;

/** Latency of the last requests of one route. */
export interface RouteLatency {
  readonly method: string;
  readonly route: string;
  readonly count: number;
  readonly errors: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** Summarizes requests by route, the routes with the most requests first. */
export function latencyByRoute(requests: readonly RecentRequest[]): RouteLatency[] {
  const byRoute = Map.groupBy(requests, ({ method, route }) => `${method} ${route}`);
  const busiest = [...byRoute.values()].sort((one, other) => other.length - one.length).slice(0, MAX_ROUTES);
  return busiest.map((group) => {
    const times = group.map(({ durationMs }) => durationMs).sort((one, other) => one - other);
    return {
      method: group[0]?.method ?? '',
      route: group[0]?.route ?? '',
      count: group.length,
      errors: group.filter(({ status }) => status >= FIRST_SERVER_ERROR).length,
      p50Ms: percentile(times, 0.5),
      p99Ms: percentile(times, 0.99),
    };
  });
}

/** Returns a percentile by nearest rank, rounded to a tenth of a millisecond. */
function percentile(sorted: readonly number[], share: number): number {
  const value = sorted[Math.max(Math.ceil(sorted.length * share) - 1, 0)] ?? 0;
  return Math.round(value * 10) / 10;
}

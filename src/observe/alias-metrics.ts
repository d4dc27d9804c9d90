import { Gauge, type Histogram, type Metric, type Registry } from 'prom-client';
import { allKept, boundsOf } from './metric-cells.js';

const NAME = 'api_gateway_request_duration_seconds';
const HELP = 'Alias of gateway_http_request_duration_seconds over all routes, since the start of the process.';
const QUANTILES = [0.5, 0.95, 0.99];

/** Sum of all label sets of a histogram. */
interface Total {
  /** Number of observations up to the bound and above the previous one. */
  readonly buckets: readonly (readonly [bound: number, count: number])[];
  readonly sum: number;
  readonly count: number;
}

interface AliasSources {
  readonly duration: Histogram<string>;
  readonly inFlight: () => number;
}

/** Registers the short names that older dashboards use. They are computed at each scrape from existing metrics. */
export function registerAliases(registry: Registry, { duration, inFlight }: AliasSources): void {
  const get = () => {
    const total = sumUp(duration);
    const quantiles = QUANTILES.map((quantile) => ({ labels: { quantile }, value: quantileOf(total, quantile) }));
    const sum = { labels: {}, value: total.sum, metricName: `${NAME}_sum` };
    const count = { labels: {}, value: total.count, metricName: `${NAME}_count` };
    return Promise.resolve({ name: NAME, help: HELP, type: 'summary', values: [...quantiles, sum, count] });
  };
  registry.registerMetric({
    name: NAME,
    help: HELP,
    type: 'summary',
    labelNames: ['quantile'],
    get,
  } as unknown as Metric);
  new Gauge({
    name: 'api_gateway_active_requests',
    help: 'Alias of gateway_in_flight_requests.',
    registers: [registry],
    collect() {
      this.set(inFlight());
    },
  });
}

function sumUp(histogram: Histogram<string>): Total {
  const series = allKept(histogram);
  const buckets = boundsOf(histogram).map(
    (bound) => [bound, series.reduce((count, { bucketValues }) => count + (bucketValues[bound] ?? 0), 0)] as const,
  );
  const sum = series.reduce((total, kept) => total + kept.sum, 0);
  return { buckets, sum, count: series.reduce((total, kept) => total + kept.count, 0) };
}

/**
 * Interpolates a quantile within its bucket, as `histogram_quantile` does; beyond the last bound it returns that
 * bound, and NaN without observations.
 */
function quantileOf({ buckets, count }: Total, quantile: number): number {
  if (count === 0) return Number.NaN;
  const rank = quantile * count;
  let below = 0;
  let lower = 0;
  for (const [bound, inside] of buckets) {
    if (inside > 0 && below + inside >= rank) return lower + ((bound - lower) * (rank - below)) / inside;
    below += inside;
    lower = bound;
  }
  return lower;
}

const PODS = ['job="$job"', 'instance=~"$instance"'];
/** Matches the upstreams that are selected in the dashboard. */
export const UPSTREAM = 'upstream=~"$upstream"';
/** Matches the routes that are selected in the dashboard, without probes and scrapes, whose 503 is a valid response. */
export const ROUTE = 'path=~"$route",path!~"/(livez|startupz|readyz?|healthz?|metrics)"';

/** Returns the selector of a metric on the selected pods. */
export function series(metric: string, ...matchers: readonly string[]): string {
  return `${metric}{${[...PODS, ...matchers].join(',')}}`;
}

/** Returns the query of a counter's increase per second. */
export function rate(metric: string, ...matchers: readonly string[]): string {
  return `rate(${series(metric, ...matchers)}[$__rate_interval])`;
}

/** Returns the query of a counter's increase per interval of the graph: for rare events. */
export function increase(metric: string, ...matchers: readonly string[]): string {
  return `increase(${series(metric, ...matchers)}[$__rate_interval])`;
}

export function sumBy(labels: string, expr: string): string {
  return aggregate('sum', labels, expr);
}

export function maxBy(labels: string, expr: string): string {
  return aggregate('max', labels, expr);
}

function aggregate(operator: string, labels: string, expr: string): string {
  return labels === '' ? `${operator}(${expr})` : `${operator} by (${labels}) (${expr})`;
}

/** Returns the query of a quantile of a histogram, by labels. @param share from 0 to 1 */
export function quantile(share: number, histogram: string, labels: string, ...matchers: readonly string[]): string {
  const by = labels === '' ? 'le' : `le, ${labels}`;
  return `histogram_quantile(${share}, ${sumBy(by, rate(`${histogram}_bucket`, ...matchers))})`;
}

const PODS = ['job="$job"', 'instance=~"$instance"'];
/** Matcher for the upstreams that the dashboard selects. */
export const UPSTREAM = 'upstream=~"$upstream"';
/** Matcher for the routes that the dashboard selects, without probes and scrapes, whose 503 is an answer. */
export const ROUTE = 'path=~"$route",path!~"/(livez|startupz|readyz?|healthz?|metrics)"';

/** The series of a metric on the selected pods. */
export function series(metric: string, ...matchers: readonly string[]): string {
  return `${metric}{${[...PODS, ...matchers].join(',')}}`;
}

/** Events a second. */
export function rate(metric: string, ...matchers: readonly string[]): string {
  return `rate(${series(metric, ...matchers)}[$__rate_interval])`;
}

/** Events within the interval of a point: for those that are rare. */
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

/** The value that this share of what a histogram has measured stays below, for each combination of labels. */
export function quantile(share: number, histogram: string, labels: string, ...matchers: readonly string[]): string {
  const by = labels === '' ? 'le' : `le, ${labels}`;
  return `histogram_quantile(${share}, ${sumBy(by, rate(`${histogram}_bucket`, ...matchers))})`;
}

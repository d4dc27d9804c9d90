import { type Metric, type OpenMetricsContentType, Registry } from 'prom-client';
import { negotiate } from '../domain/accept.js';

/** Parameters of a media range other than its weight: versions and escaping, in which scrapers differ. */
const PARAMETER = /;[ \t]*(?!q=)[\w-]+=(?:"[^"]*"|[^;,"]*)/gi;

/** Media type of OpenMetrics 1.0. */
export const OPEN_METRICS_TYPE: OpenMetricsContentType = Registry.OPENMETRICS_CONTENT_TYPE;

/** Returns whether a scrape prefers OpenMetrics, of whatever version, over the text format of Prometheus. */
export function prefersOpenMetrics(accept: string | undefined): boolean {
  return negotiate(accept?.replace(PARAMETER, ''), ['text/plain', 'application/openmetrics-text']) === 1;
}

/** How a registry reads a metric. */
interface Readable {
  readonly name: string;
  readonly type: string;
  get(): Promise<object>;
  /** As `get`, without a label set made for each bucket. */
  getForPromString?(): Promise<object>;
}

/**
 * Returns all metrics of a registry as OpenMetrics, exemplars included. Each is read through a view of its own: prom-client
 * would take `_total` off the names of the counters themselves, and the text format would then lack it.
 */
export function openMetrics(registry: Registry): Promise<string> {
  const open = new Registry<OpenMetricsContentType>();
  open.setContentType(OPEN_METRICS_TYPE);
  for (const metric of registry.getMetricsAsArray()) open.registerMetric(viewOf(metric as unknown as Readable));
  return open.metrics();
}

function viewOf(metric: Readable): Metric {
  const isCounter = metric.type === 'counter';
  const name = isCounter ? metric.name.replace(/_total$/, '') : metric.name;
  const get = async () => ({ ...(await (metric.getForPromString?.() ?? metric.get())), name });
  return { name, type: metric.type, getForPromString: get } as unknown as Metric;
}

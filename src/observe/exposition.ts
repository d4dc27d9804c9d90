import { setImmediate as nextTurn } from 'node:timers/promises';
import { type Metric, type OpenMetricsContentType, Registry, type RegistryContentType } from 'prom-client';
import { negotiate } from '../domain/accept.js';

/** Parameters of a media range other than its weight: versions and escaping, in which scrapers differ. */
const PARAMETER = /;[ \t]*(?!q=)[\w-]+=(?:"[^"]*"|[^;,"]*)/gi;

/** Media type of OpenMetrics 1.0. */
export const OPEN_METRICS_TYPE: OpenMetricsContentType = Registry.OPENMETRICS_CONTENT_TYPE;

/** Returns whether a scrape prefers OpenMetrics, of whatever version, over the text format of Prometheus. */
export function prefersOpenMetrics(accept: string | undefined): boolean {
  return negotiate(accept?.replace(PARAMETER, ''), ['text/plain', 'application/openmetrics-text']) === 1;
}

/** Lines written without a pause: about half a millisecond. */
const LINES_AT_ONCE = 200;
/** `# HELP` and `# TYPE`. */
const HEADER_LINES = 2;

/** A metric as a registry reads it, at one moment. */
interface Reading {
  readonly name: string;
  readonly type: string;
  readonly values?: readonly unknown[];
}

interface Readable {
  get(): Promise<Reading>;
  /** Does the same as `get`, without an object for the labels of each bucket. */
  getForPromString?(): Promise<Reading>;
}

/** Returns all metrics of a registry in the text format of Prometheus. */
export async function textExposition(registry: Registry): Promise<string> {
  return `${(await families(registry, new Registry(), (reading) => reading)).join('\n\n')}\n`;
}

/** Returns all metrics of a registry as OpenMetrics 1.0, exemplars included. */
export async function openMetricsExposition(registry: Registry): Promise<string> {
  const writer = new Registry<OpenMetricsContentType>();
  writer.setContentType(OPEN_METRICS_TYPE);
  return `${(await families(registry, writer, withoutTotal)).join('\n')}\n# EOF\n`;
}

/**
 * Writes each metric with prom-client's own writer, part by part, and lets the event loop serve requests in between:
 * the largest expositions take 16 ms, for which requests would otherwise wait.
 */
async function families<T extends RegistryContentType>(
  registry: Registry,
  writer: Registry<T>,
  view: (reading: Reading) => Reading,
): Promise<string[]> {
  const texts: string[] = [];
  let written = 0;
  for (const metric of registry.getMetricsAsArray() as unknown as Readable[]) {
    const reading = view(await (metric.getForPromString?.() ?? metric.get()));
    const parts = [];
    for (const part of partsOf(reading)) {
      const text = await write(writer, part);
      parts.push(parts.length === 0 ? text : withoutHeader(text));
      written += part.values?.length ?? 0;
      if (written < LINES_AT_ONCE) continue;
      await nextTurn();
      written = 0;
    }
    texts.push(parts.join('\n'));
  }
  return texts;
}

function write<T extends RegistryContentType>(writer: Registry<T>, part: Reading): Promise<string> {
  writer.clear();
  writer.registerMetric({ name: part.name, get: () => Promise.resolve(part) } as unknown as Metric);
  return writer.getSingleMetricAsString(part.name);
}

function partsOf(reading: Reading): readonly Reading[] {
  const { values = [] } = reading;
  if (values.length <= LINES_AT_ONCE) return [reading];
  const parts: Reading[] = [];
  for (let at = 0; at < values.length; at += LINES_AT_ONCE) {
    parts.push({ ...reading, values: values.slice(at, at + LINES_AT_ONCE) });
  }
  return parts;
}

function withoutHeader(text: string): string {
  return text.split('\n').slice(HEADER_LINES).join('\n');
}

/**
 * Removes `_total` from the name of a counter: OpenMetrics counters are named without it, and the writer appends it
 * to each sample.
 */
function withoutTotal(reading: Reading): Reading {
  return reading.type === 'counter' ? { ...reading, name: reading.name.replace(/_total$/, '') } : reading;
}

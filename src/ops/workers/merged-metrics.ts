import { AggregatorRegistry, type MetricObjectWithValues, type MetricValue, type Registry } from 'prom-client';

/** Metrics of one process at one moment, as prom-client returns them. */
export type MetricsSnapshot = readonly MetricObjectWithValues<MetricValue<string>>[];

const BUSY = 'nodejs_eventloop_busy_seconds_total';

type Rule = 'sum' | 'max' | 'min' | 'average';

/**
 * Gauges that are equal in all workers, or count at their worst: the highest value is used. All other gauges are
 * added up.
 */
const HIGHEST = new RegExp(
  [
    '_info$',
    '_timestamp_seconds$',
    '_lag_',
    '^circuit_breaker_state$',
    '^gateway_(?:workers|build_info|config_hash_info|policy_revision|state|draining|degraded|circuit_state)$',
    '^gateway_(?:clock_skew_seconds|contract_drift|memory_limit_bytes|revocation_entries)$',
  ].join('|'),
);
/** Gauges that must hold for every worker: the lowest value is used. */
const LOWEST = /^gateway_upstream_up$|_last_reload_successful$|^process_start_time_seconds$/;

/** Returns how the values of a gauge in several workers are merged. */
export function gaugeRule(name: string): Rule {
  if (LOWEST.test(name)) return 'min';
  return HIGHEST.test(name) ? 'max' : 'sum';
}

/**
 * Merges the metrics of all workers into those of one process. The counters of a worker that has ended stay in the
 * sum, as of its last snapshot: a decrease would be read as a restart, and its value as new events (Prometheus
 * `rate`).
 */
export class MergedMetrics {
  private readonly latest = new Map<number, MetricsSnapshot>();
  private retired: MetricsSnapshot = [];

  /** @param count number of workers. */
  constructor(private readonly count: number) {}

  /** Stores the metrics of a worker. A worker that does not respond keeps its previous ones. */
  take(worker: number, snapshot: MetricsSnapshot): void {
    this.latest.set(worker, snapshot);
  }

  /**
   * Adds the counters of a worker that has ended to the total. Synchronous, so that two that end concurrently do not
   * overwrite each other's counts.
   */
  retire(worker: number): void {
    const last = this.latest.get(worker);
    this.latest.delete(worker);
    if (last === undefined) return;
    const counts = last.filter(({ type }) => isCount(type));
    this.retired = merge([this.retired, counts]).getMetricsAsArray() as unknown as MetricsSnapshot;
  }

  /**
   * Returns the metrics of all workers in a registry.
   * @param own metrics of the first process.
   */
  merged(own: MetricsSnapshot): Registry {
    return merge([...[...this.latest.values(), this.retired].map((each) => this.shared(each)), own]);
  }

  /** Averages the busy time of event loops: 1 s per second means saturated, regardless of the number of workers. */
  private shared(snapshot: MetricsSnapshot): MetricsSnapshot {
    return snapshot.map((metric) =>
      metric.name === BUSY
        ? { ...metric, values: metric.values.map((each) => ({ ...each, value: each.value / this.count })) }
        : metric,
    );
  }
}

function merge(snapshots: readonly MetricsSnapshot[]): Registry {
  const ruled = snapshots.map((metrics) =>
    metrics.map((metric) => ({ ...metric, aggregator: isCount(metric.type) ? 'sum' : gaugeRule(metric.name) })),
  );
  return AggregatorRegistry.aggregate(ruled);
}

/** Returns whether values of a type are added up. prom-client names types in words, its own types in numbers. */
function isCount(type: unknown): boolean {
  return type === 'counter' || type === 'histogram';
}

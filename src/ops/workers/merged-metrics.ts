import { AggregatorRegistry, type MetricObjectWithValues, type MetricValue, type Registry } from 'prom-client';

/** Metrics of one process at one moment, as prom-client gives them. */
export type MetricsSnapshot = readonly MetricObjectWithValues<MetricValue<string>>[];

const BUSY = 'nodejs_eventloop_busy_seconds_total';

type Rule = 'sum' | 'max' | 'min' | 'average';

/** What is the same in every worker, or counts where it is worst: the highest is that of the whole. All other gauges add up. */
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
/** What must hold for every worker. */
const LOWEST = /^gateway_upstream_up$|_last_reload_successful$|^process_start_time_seconds$/;

/** Returns how the values of a gauge in several workers become one. */
export function gaugeRule(name: string): Rule {
  if (LOWEST.test(name)) return 'min';
  return HIGHEST.test(name) ? 'max' : 'sum';
}

/**
 * The metrics of all workers as those of one process. Counters of a worker that has ended stay in the sum, as of its
 * last snapshot: one that fell would be read as a restart, and its value as new events (Prometheus `rate`).
 */
export class MergedMetrics {
  private readonly latest = new Map<number, MetricsSnapshot>();
  private retired: MetricsSnapshot = [];

  /** @param count of workers. */
  constructor(private readonly count: number) {}

  /** Takes the metrics of a worker. A worker that does not answer keeps those that it had. */
  take(worker: number, snapshot: MetricsSnapshot): void {
    this.latest.set(worker, snapshot);
  }

  /** A worker has ended. In one go: two that end at the same moment must not write over each other's counts. */
  retire(worker: number): void {
    const last = this.latest.get(worker);
    this.latest.delete(worker);
    if (last === undefined) return;
    const counts = last.filter(({ type }) => isCount(type));
    this.retired = merge([this.retired, counts]).getMetricsAsArray() as unknown as MetricsSnapshot;
  }

  /** @param own metrics of the first process. */
  merged(own: MetricsSnapshot): Registry {
    return merge([...[...this.latest.values(), this.retired].map((each) => this.shared(each)), own]);
  }

  /** Of the time that event loops are busy the mean: 1 a second is saturated, however many there are. */
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

/** prom-client names types in words, of which its own types know numbers. */
function isCount(type: unknown): boolean {
  return type === 'counter' || type === 'histogram';
}

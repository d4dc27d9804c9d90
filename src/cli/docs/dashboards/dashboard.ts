/** Units of Grafana that panels use: requests or operations per second, seconds, bytes, shares from 0 to 1. */
type Unit = 'reqps' | 'ops' | 's' | 'bytes' | 'percentunit' | 'short' | 'none';

/** One query of a panel, and the legend of its series as a Grafana template: `{{path}}`. */
export type Query = readonly [legend: string, expr: string];

export interface Panel {
  readonly title: string;
  /** What the panel shows and how to read it; Grafana shows it beside the title. */
  readonly description: string;
  readonly unit: Unit;
  readonly queries: readonly Query[];
  /** Names of alerts; the panel links to their pages. */
  readonly alerts?: readonly string[];
  /** Further pages below runbooks/ to which the panel links, such as `redis.md`. */
  readonly pages?: readonly string[];
  /** Defaults to a time series; `stat` shows the current value, `table` one row per series, `heatmap` the buckets of a histogram. */
  readonly kind?: 'stat' | 'table' | 'heatmap';
  /** The value above which the panel turns red: the threshold of its alert. */
  readonly limit?: number;
  /** Decimal places, where Grafana would show too few. */
  readonly decimals?: number;
  /** Width in columns of 24; defaults to 4 for `stat` and 8 for all others. */
  readonly width?: number;
}

export interface Row {
  readonly title: string;
  readonly panels: readonly Panel[];
}

export interface Variable {
  readonly name: string;
  readonly label: string;
  /** Metric and label from which the values come. */
  readonly query: string;
  /** The initial value of a single-value variable; without it, all values are selected. */
  readonly fixed?: string;
}

export interface Dashboard {
  /** Never changes, because bookmarks and links contain it. */
  readonly uid: string;
  readonly title: string;
  readonly description: string;
  readonly variables: readonly Variable[];
  readonly rows: readonly Row[];
  /** The other dashboards, as title and uid. */
  readonly others: readonly (readonly [title: string, uid: string])[];
}

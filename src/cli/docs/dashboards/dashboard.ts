/** Units of Grafana that panels use: a second's requests, operations or bytes, seconds, bytes, shares from 0 to 1. */
type Unit = 'reqps' | 'ops' | 's' | 'bytes' | 'percentunit' | 'short' | 'none';

/** One query of a panel and the name of its series, as a template of Grafana: `{{path}}`. */
export type Query = readonly [legend: string, expr: string];

export interface Panel {
  readonly title: string;
  /** What the panel shows and how to read it; Grafana shows it beside the title. */
  readonly description: string;
  readonly unit: Unit;
  readonly queries: readonly Query[];
  /** Names of alerts whose pages help with what this panel shows. */
  readonly alerts?: readonly string[];
  /** Pages below runbooks/ that help beside those of the alerts, such as `redis.md`. */
  readonly pages?: readonly string[];
  /** A curve unless given; `stat` is one number for now, `table` a row for each series, `heatmap` the buckets of a histogram. */
  readonly kind?: 'stat' | 'table' | 'heatmap';
  /** The value from which on the panel is red: the limit of its alert. */
  readonly limit?: number;
  /** Digits after the point, where Grafana would show too few. */
  readonly decimals?: number;
  /** Columns of 24; 4 for a number and 8 for all else unless given. */
  readonly width?: number;
}

export interface Row {
  readonly title: string;
  readonly panels: readonly Panel[];
}

export interface Variable {
  readonly name: string;
  readonly label: string;
  /** Metric and label that the values come from. */
  readonly query: string;
  /** Its only value at the start, for a variable of one value; all values without it. */
  readonly fixed?: string;
}

export interface Dashboard {
  /** Stays the same for good, since bookmarks and links have it. */
  readonly uid: string;
  readonly title: string;
  readonly description: string;
  readonly variables: readonly Variable[];
  readonly rows: readonly Row[];
  /** The other dashboards, as title and uid. */
  readonly others: readonly (readonly [title: string, uid: string])[];
}

type Labels = Readonly<Record<string, string>>;

interface Sample {
  readonly labels: Labels;
  readonly value: number;
}

/** Maximum number of metric names; further ones are not read. */
const MAX_LINES = 200_000;
const LINE = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)/;
const LABEL = /(\w+)="((?:[^"\\]|\\.)*)"/g;

/** Snapshot of the metrics of a gateway, parsed from the Prometheus text format. */
export class MetricsSnapshot {
  private readonly samples = new Map<string, Sample[]>();

  constructor(text: string) {
    for (const line of text.split('\n', MAX_LINES)) {
      const [, name, labels = '', value] = LINE.exec(line) ?? [];
      if (name === undefined) continue;
      const series = this.samples.get(name) ?? [];
      series.push({ labels: Object.fromEntries(readLabels(labels)), value: Number(value) });
      this.samples.set(name, series);
    }
  }

  has(name: string): boolean {
    return this.samples.has(name);
  }

  /** Returns the series of a name with these labels. */
  series(name: string, labels: Labels = {}): readonly Sample[] {
    const wanted = Object.entries(labels);
    return (this.samples.get(name) ?? []).filter((sample) =>
      wanted.every(([label, value]) => sample.labels[label] === value),
    );
  }

  /** Returns the sum of all series with these labels; 0 for none. */
  sum(name: string, labels?: Labels): number {
    return this.series(name, labels).reduce((total, { value }) => total + value, 0);
  }

  /** Returns the values of a label. */
  values(name: string, label: string): string[] {
    return [...new Set(this.series(name).flatMap(({ labels }) => labels[label] ?? []))];
  }
}

/** Differences between two snapshots. */
export class MetricsChange {
  constructor(
    readonly before: MetricsSnapshot,
    readonly after: MetricsSnapshot,
    readonly seconds: number,
  ) {}

  /** Returns the increase of a counter; after a restart of the gateway, its whole value. */
  increase(name: string, labels?: Labels): number {
    const [before, after] = [this.before.sum(name, labels), this.after.sum(name, labels)];
    return after < before ? after : after - before;
  }

  /** Returns the mean of a histogram in this time, in seconds; undefined without observations. */
  mean(name: string, labels?: Labels): number | undefined {
    const count = this.increase(`${name}_count`, labels);
    return count === 0 ? undefined : this.increase(`${name}_sum`, labels) / count;
  }
}

function* readLabels(text: string): Generator<[string, string]> {
  for (const [, name = '', value = ''] of text.matchAll(LABEL)) yield [name, value.replaceAll(/\\(.)/g, '$1')];
}

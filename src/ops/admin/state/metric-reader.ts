import type { Registry } from 'prom-client';

type Labels = Readonly<Record<string, string>>;

interface Sample {
  readonly value: number;
  readonly labels: Readonly<Record<string, string | number | undefined>>;
}

/** Reads the present values of a few metrics. */
export class MetricReader {
  private constructor(private readonly samples: ReadonlyMap<string, readonly Sample[]>) {}

  static async of(registry: Registry, names: readonly string[]): Promise<MetricReader> {
    const read = async (name: string) => [name, (await registry.getSingleMetric(name)?.get())?.values ?? []] as const;
    return new MetricReader(new Map(await Promise.all(names.map(read))));
  }

  /** Returns the sum of all series with these labels; 0 for none. */
  value(name: string, labels: Labels): number {
    const wanted = Object.entries(labels);
    const series = (this.samples.get(name) ?? []).filter((sample) =>
      wanted.every(([label, value]) => String(sample.labels[label]) === value),
    );
    return series.reduce((sum, { value }) => sum + value, 0);
  }
}

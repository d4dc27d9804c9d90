import type { Counter, Histogram, LabelValues } from 'prom-client';

type Labels = Readonly<Record<string, string | number>>;

/** Internal record of prom-client for one label set of a counter. */
interface KeptCount {
  readonly labels: Labels;
  value: number;
}

/** Internal record of prom-client for one label set of a histogram. */
export interface KeptBuckets {
  readonly labels: Labels;
  /** Number of observations up to the bound and above the previous one. */
  readonly bucketValues: Record<string, number>;
  sum: number;
  count: number;
}

/**
 * One label set of a counter, looked up once. prom-client would check the labels and build a key from them at each
 * count.
 */
export class CounterCell {
  private readonly kept: KeptCount;

  constructor(counter: Counter<string>, labels: Labels = {}) {
    counter.inc(labels, 0);
    this.kept = required(keptFor<KeptCount>(counter, labels));
  }

  inc(): void {
    this.kept.value += 1;
  }
}

/** One label set of a histogram, looked up once. */
export class HistogramCell {
  private readonly kept: KeptBuckets;
  private readonly bounds: readonly number[];
  private readonly names: readonly string[];

  constructor(
    private readonly histogram: Histogram<string>,
    private readonly labels: Labels = {},
  ) {
    if (keptFor(histogram, labels) === undefined) histogram.zero(labels);
    this.kept = required(keptFor<KeptBuckets>(histogram, labels));
    this.bounds = boundsOf(histogram);
    this.names = this.bounds.map(String);
  }

  observe(value: number): void {
    const { kept, bounds } = this;
    kept.sum += value;
    kept.count += 1;
    for (let at = 0; at < bounds.length; at++) {
      if (value > (bounds[at] as number)) continue;
      (kept.bucketValues[this.names[at] as string] as number) += 1;
      return;
    }
  }

  /**
   * Observes a value with its trace as an exemplar. prom-client accepts any label there, but its types accept none.
   */
  observeTraced(value: number, traceId: string): void {
    const exemplarLabels = { trace_id: traceId } as LabelValues<never>;
    this.histogram.observe({ labels: this.labels, value, exemplarLabels });
  }
}

/** Cells by up to three label values, created at first use: as many as the metric has label sets. */
export class CellMap<C> {
  private readonly cells = new Map<string, Map<string, Map<string | number, C>>>();

  constructor(private readonly make: (one: string, two: string, three: string | number) => C) {}

  of(one: string, two = '', three: string | number = ''): C {
    return this.cells.get(one)?.get(two)?.get(three) ?? this.add(one, two, three);
  }

  private add(one: string, two: string, three: string | number): C {
    const cell = this.make(one, two, three);
    getOrMake(getOrMake(this.cells, one), two).set(three, cell);
    return cell;
  }
}

function getOrMake<K, L, V>(map: Map<K, Map<L, V>>, key: K): Map<L, V> {
  let inner = map.get(key);
  if (inner === undefined) map.set(key, (inner = new Map<L, V>()));
  return inner;
}

/** Returns prom-client's record of each label set of a histogram; `get()` would copy every series. */
export function allKept(histogram: Histogram<string>): readonly KeptBuckets[] {
  return allOf<KeptBuckets>(histogram);
}

export function boundsOf(histogram: Histogram<string>): readonly number[] {
  return (histogram as unknown as { readonly upperBounds: readonly number[] }).upperBounds;
}

function allOf<K>(metric: object): readonly K[] {
  return Object.values((metric as { readonly hashMap: Readonly<Record<string, K>> }).hashMap);
}

function keptFor<K extends { readonly labels: Labels }>(metric: object, labels: Labels): K | undefined {
  const wanted = Object.entries(labels);
  return allOf<K>(metric).findLast((kept) => wanted.every(([name, value]) => kept.labels[name] === value));
}

function required<K>(kept: K | undefined): K {
  if (kept === undefined)
    throw new Error('prom-client stores label sets differently from what src/observe/metric-cells.ts reads');
  return kept;
}

/** The value below which `share` (0 to 1) of the sorted values lie: nearest rank, NaN of nothing. */
export function percentile(sorted: ArrayLike<number>, share: number): number {
  if (sorted.length === 0) return Number.NaN;
  const rank = Math.max(1, Math.ceil(share * sorted.length));
  return sorted[rank - 1] as number;
}

/** The middle value, or the mean of the two in the middle; NaN of nothing. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const upper = sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
  const lower = sorted[Math.ceil(sorted.length / 2) - 1] ?? Number.NaN;
  return (lower + upper) / 2;
}

/** Comparison of one system with another over the rounds that both ran. */
export interface Ratio {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/**
 * Ratio of two series, round by round: a slow minute of the machine hits both sides of a pair, so it cancels out.
 * Rounds that only one side has are left out; undefined when there is no pair.
 */
export function pairedRatio(
  subject: ReadonlyMap<number, number>,
  baseline: ReadonlyMap<number, number>,
): Ratio | undefined {
  const ratios: number[] = [];
  for (const [round, value] of subject) {
    const other = baseline.get(round);
    if (other !== undefined && other > 0) ratios.push(value / other);
  }
  if (ratios.length === 0) return undefined;
  return { median: median(ratios), min: Math.min(...ratios), max: Math.max(...ratios) };
}

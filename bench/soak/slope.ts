/** One look at a quantity. */
export interface Reading {
  readonly seconds: number;
  readonly value: number;
}

/** Change a minute: the slope of the least-squares line; NaN of fewer than two moments. */
export function slopePerMinute(readings: readonly Reading[]): number {
  const mean = (of: (reading: Reading) => number) =>
    readings.reduce((sum, each) => sum + of(each), 0) / readings.length;
  const [middle, level] = [mean(({ seconds }) => seconds), mean(({ value }) => value)];
  const along = readings.reduce((sum, { seconds }) => sum + (seconds - middle) ** 2, 0);
  const up = readings.reduce((sum, { seconds, value }) => sum + (seconds - middle) * (value - level), 0);
  return (60 * up) / along;
}

import { describe, expect, it } from 'vitest';
import { median, pairedRatio, percentile } from './statistics.js';

describe('statistics', () => {
  it('takes a percentile by nearest rank', () => {
    const sorted = Array.from({ length: 200 }, (_, at) => at + 1);
    expect(percentile(sorted, 0.5)).toBe(100);
    expect(percentile(sorted, 0.99)).toBe(198);
    expect(percentile(sorted, 1)).toBe(200);
    expect(percentile([7], 0.01)).toBe(7);
    expect(percentile([], 0.5)).toBeNaN();
  });

  it('takes the middle value, or the mean of two', () => {
    expect(median([30, 1, 2])).toBe(2);
    expect(median([4, 1, 3, 2])).toBe(2.5);
    expect(median([])).toBeNaN();
  });

  it('compares two systems within each round, so that a slow round does not count against one of them', () => {
    const baseline = new Map([
      [0, 100],
      [1, 300],
      [2, 100],
    ]);
    const subject = new Map([
      [0, 50],
      [1, 150],
      [2, 60],
    ]);
    expect(pairedRatio(subject, baseline)).toEqual({ median: 0.5, min: 0.5, max: 0.6 });
  });

  it('leaves out rounds that one side lacks', () => {
    expect(
      pairedRatio(
        new Map([
          [0, 1],
          [1, 9],
        ]),
        new Map([[0, 2]]),
      ),
    ).toEqual({ median: 0.5, min: 0.5, max: 0.5 });
    expect(pairedRatio(new Map([[0, 1]]), new Map())).toBeUndefined();
  });
});

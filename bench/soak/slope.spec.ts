import { describe, expect, it } from 'vitest';
import { slopePerMinute } from './slope.js';

describe('the slope of readings', () => {
  it('is the change a minute', () => {
    const readings = [0, 10, 20, 30].map((seconds) => ({ seconds, value: 100 + seconds / 30 }));
    expect(slopePerMinute(readings)).toBeCloseTo(2);
  });

  it('is none of one moment', () => {
    expect(slopePerMinute([{ seconds: 1, value: 1 }])).toBeNaN();
  });
});

import { describe, expect, it } from 'vitest';
import { Metrics } from './metrics.js';

const TEXT = `# HELP hits_total of caches
# TYPE hits_total counter
hits_total{cache="jwt",outcome="hit"} 3
hits_total{cache="jwt",outcome="miss"} 4
hits_total{cache="other",outcome="hit"} 8
lag_seconds 0.0125
`;

describe('reading /metrics', () => {
  it('adds the series of a name', () => {
    expect(new Metrics(TEXT).sum('hits_total')).toBe(15);
    expect(new Metrics(TEXT).sum('lag_seconds')).toBe(0.0125);
  });

  it('takes only series with a label', () => {
    expect(new Metrics(TEXT).sum('hits_total', 'cache="jwt"')).toBe(7);
  });

  it('knows nothing of a name that is not there', () => {
    expect(new Metrics(TEXT).sum('hits')).toBeNaN();
  });
});

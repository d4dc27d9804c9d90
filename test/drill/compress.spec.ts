import { describe, expect, it } from 'vitest';
import { readText } from '../ops/project-files.js';
import { compressConfig, compressRules } from './compress.js';

describe('compressed rules', () => {
  it.each([
    ['for: 1m', 'for: 2s'],
    ['for: 40s', 'for: 1333ms'],
    ['for: 3h', 'for: 360s'],
    ['interval: 30s', 'interval: 1s'],
    ['interval: 5s', 'interval: 1s'],
    ['rate(x[5m])', 'rate(x[10s])'],
    ['rate(x[2m])', 'rate(x[5s])'],
    ['avg_over_time(y:ratio[1d] offset 1h)', 'avg_over_time(y:ratio[2880s] offset 120s)'],
  ])('have %s become %s', (shipped, compressed) => {
    expect(compressRules(shipped)).toBe(compressed);
  });

  it.each(['x > 3600', 'rate(x[10s]) * 900 > 10', 'record: x:rate5m', 'long: 1h', 'summary: errors over 5m'])(
    'keep %s',
    (text) => {
      expect(compressRules(text).replace('[5s]', '[10s]')).toBe(text);
    },
  );

  it('are the rules of the project, line by line, but for durations', () => {
    const withoutDurations = (rules: string) =>
      rules.replaceAll(/(?<=\[|offset |for: |interval: )\d+(?:ms|[smhd])/g, '_');
    const shipped = readText('runbooks/alerts/rules.yml');
    const compressed = compressRules(shipped);
    expect(withoutDurations(compressed)).toBe(withoutDurations(shipped));
    expect(compressed).not.toMatch(/\[\d+[mhd]\]|(for|interval): \d+[mhd]$/m);
  });
});

describe('a compressed configuration', () => {
  it.each([
    ['scrape_interval: 15s', 'scrape_interval: 1s'],
    ['group_wait: 0s', 'group_wait: 0s'],
    ['group_interval: 5m', 'group_interval: 10s'],
    ['repeat_interval: 4h', 'repeat_interval: 480s'],
    ['scrape_timeout: 10s', 'scrape_timeout: 1s'],
  ])('has %s become %s', (shipped, compressed) => {
    expect(compressConfig(shipped)).toBe(compressed);
  });
});

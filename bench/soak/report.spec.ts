import { describe, expect, it } from 'vitest';
import { hasPassed, mergeResults, type SoakResult } from './report.js';
import { atLeast, atMost, exactly, noted, within } from './scenario.js';

const result = (name: string, value: number): SoakResult => ({
  name,
  title: 'a title',
  seconds: 5,
  date: '2026-01-02',
  command: 'npm run soak',
  loadBefore: 0.5,
  findings: [atMost('memory', value, 8, 'MiB'), noted('statuses', '200: 5')],
});
const DOCUMENT = 'before\n<!-- soak:begin, written by npm run soak -->\n<!-- soak:end -->\nafter\n';

describe('the targets of a soak', () => {
  it('are missed by what is above, by another count, by what is no number', () => {
    const met = [atMost('', 8, 8), atLeast('', 8, 8), exactly('', 3, 3), within('', 90, 100, 0.1)];
    expect(met.every(({ passed }) => passed)).toBe(true);
    const missed = [
      atMost('', 8.1, 8),
      atMost('', Number.NaN, 8),
      atLeast('', 7.9, 8),
      atLeast('', Number.NaN, 8),
      exactly('', 2, 3),
      within('', 89, 100, 0.1),
    ];
    expect(missed.some(({ passed }) => passed)).toBe(false);
  });

  it('fail the scenario when one of them is missed', () => {
    expect([hasPassed(result('a', 7)), hasPassed(result('a', 9))]).toEqual([true, false]);
  });
});

describe('the section of figures', () => {
  it('gets each scenario once, the last run in place of the one before', () => {
    const once = mergeResults(DOCUMENT, [result('a', 7), result('b', 9)]);
    const twice = mergeResults(once, [result('a', 5)]);
    expect(once).toContain('| memory | 7 MiB | ≤ 8 MiB | met |');
    expect(twice).toContain('| memory | 5 MiB | ≤ 8 MiB | met |');
    expect(twice).toContain('| memory | 9 MiB | ≤ 8 MiB | **missed** |');
    expect(twice).not.toContain('| 7 MiB |');
    expect(twice.startsWith('before\n') && twice.endsWith('after\n')).toBe(true);
  });

  it('is not made where there are no markers', () => {
    expect(() => mergeResults('nothing', [])).toThrow('soak:begin');
  });
});

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { replaceResults } from './report.js';

const document = readFileSync(new URL('../BENCHMARKS.md', import.meta.url), 'utf8');

describe('writing BENCHMARKS.md', () => {
  it('replaces the figures and nothing else, however often', () => {
    const once = replaceResults(document, 'first');
    const twice = replaceResults(once, 'second');
    expect(twice).toContain('second');
    expect(twice).not.toContain('first\n');
    expect(replaceResults(twice, 'first')).toBe(once);
    expect(once.slice(0, 400)).toBe(document.slice(0, 400));
  });

  it('refuses a document without the markers', () => {
    expect(() => replaceResults('# Benchmarks', 'figures')).toThrow('results:begin');
  });
});

import { describe, expect, it } from 'vitest';
import { runPagesOf } from './live.js';
import { blocksOf } from './page.js';

const SCENARIOS = ['heap-filling', 'garbage', 'admin-restarting', 'traces-lost', 'reload-failing', 'certificate-expiring'];

describe.each(SCENARIOS)('while %s', (scenario) => {
  it('there are blocks of pages to be run', () => {
    expect(blocksOf(scenario)).not.toEqual([]);
  });

  runPagesOf(scenario);
});

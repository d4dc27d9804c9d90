import { describe, expect, it } from 'vitest';
import { runPagesOf } from './live.js';
import { blocksOf } from './page.js';

const SCENARIOS = [
  'gateway-down',
  'heap-filling',
  'garbage',
  'stuck-drain',
  'admin-restarting',
  'traces-lost',
  'redis-down',
  'reload-failing',
];

describe.each(SCENARIOS)('while %s', (scenario) => {
  it('there are blocks of pages to be run', () => {
    expect(blocksOf(scenario)).not.toEqual([]);
  });

  runPagesOf(scenario);
});

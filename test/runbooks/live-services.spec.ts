import { describe, expect, it } from 'vitest';
import { runPagesOf } from './live.js';
import { blocksOf } from './page.js';

const SCENARIOS = ['upstream-slow', 'ai-errors', 'contract-drift', 'guardrail-failing'];

describe.each(SCENARIOS)('while %s', (scenario) => {
  it('there are blocks of pages to be run', () => {
    expect(blocksOf(scenario)).not.toEqual([]);
  });

  runPagesOf(scenario);
});

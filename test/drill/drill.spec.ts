import { describe, expect, it } from 'vitest';
import { drill } from './drill.js';
import { failuresOf } from './result.js';
import { findScenario } from './scenarios/index.js';

/** A page of each team, an outage that many rules see, and faults that no request shows, two at a time. `npm run drill` runs all. */
const SUBSET = [
  ['auth-down', 'redis-down'],
  ['user-down', 'gateway-down'],
  ['tenant-rejects-usage', 'stuck-drain'],
] as const;

describe('faults, before a real Prometheus and Alertmanager', () => {
  it.each(SUBSET)(
    '%s and %s alert whom they must, nobody else, and say when they are over',
    async (...names) => {
      const results = await Promise.all(names.map((name) => drill(findScenario(name))));
      expect(results.flatMap(failuresOf)).toEqual([]);
    },
    400_000,
  );
});

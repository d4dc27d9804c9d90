import { describe, expect, it } from 'vitest';
import { builtFile } from '../support/gateway-process.js';
import { RunbookBlocks } from './blocks.js';
import { drill } from './drill.js';
import { failuresOf } from './result.js';
import { findScenario } from './scenarios/index.js';
import { SUBSET } from './subset.js';

const runbooks = (site: Parameters<typeof RunbookBlocks.open>[0]) =>
  RunbookBlocks.open(site, builtFile('bin/gateway.js'));

describe('faults, before a real Prometheus and Alertmanager', () => {
  it.each(SUBSET)(
    '%s and %s alert whom they must, nobody else, and say when they are over; their runbooks work meanwhile',
    async (...names) => {
      const results = await Promise.all(names.map((name) => drill(findScenario(name), runbooks)));
      expect(results.flatMap(failuresOf)).toEqual([]);
    },
    400_000,
  );
});

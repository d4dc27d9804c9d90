import { describe, expect, it } from 'vitest';
import { builtFile } from '../support/gateway-process.js';
import { RunbookBlocks } from './blocks.js';
import { drill } from './drill.js';
import { failuresOf } from './result.js';
import { findScenario } from './scenarios/index.js';
import type { Site } from './site/site.js';
import { SUBSET } from './subset.js';

const openRunbooks = (site: Site) => RunbookBlocks.open(site, builtFile('bin/gateway.js'));

describe('a fault, before a real Prometheus and Alertmanager', () => {
  it.each(SUBSET)(
    '%s alerts whom it must, nobody else, and says when it is over; its runbooks work meanwhile',
    async (name) => {
      expect(failuresOf(await drill(findScenario(name), openRunbooks))).toEqual([]);
    },
    400_000,
  );
});

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startSite, type Site } from '../drill/site/site.js';
import { until } from '../drill/until.js';
import { readPages, type Block } from './page.js';
import { isReadOnly, runBlock, unmet } from './run-block.js';
import { RunbookShell } from './shell.js';

const MET_WITHIN_MS = 40_000;

/** Runs every block of the pages of these scenarios while the fault of the page is on, and after it where the page says so. */
export function runPagesOf(scenarios: readonly string[]): void {
  const pages = readPages();
  for (const scenario of scenarios) {
    const blocks = pages.filter((page) => page.scenario === scenario).flatMap((page) => page.blocks);
    const executed = blocks.filter(({ excuse }) => excuse === undefined);
    describe(`while ${scenario}`, () => {
      runBlocks(scenario, executed);
    });
  }
}

function runBlocks(scenario: string, blocks: readonly Block[]): void {
  let site: Site;
  let shell: RunbookShell;

  beforeAll(async () => {
    site = await startSite(scenario, { alerts: false });
    shell = await RunbookShell.start(site);
    await site.inject();
  });
  afterAll(async () => {
    await shell?.close();
    await site?.close();
  });

  const during = blocks.filter(({ when }) => when === 'fault');
  // Those that only look come first, since the others change what is to be seen, and wait side by side.
  const looks = during.filter(isReadOnly);
  const changes = during.filter((block) => !isReadOnly(block));
  const after = blocks.filter(({ when }) => when === 'recovery');
  it.concurrent.each(looks.map(named))('$title', async ({ block }) => {
    expect(await run(block, site, shell), block.text).toBeUndefined();
  });
  it.each(changes.map(named))('$title', async ({ block }) => {
    expect(await run(block, site, shell), block.text).toBeUndefined();
  });
  if (after.length === 0) return;
  describe('and is over', () => {
    beforeAll(() => site.heal());
    it.each(after.map(named))('$title', async ({ block }) => {
      expect(await run(block, site, shell), block.text).toBeUndefined();
    });
  });
}

function named(block: Block): { readonly title: string; readonly block: Block } {
  return { title: `${block.path}:${block.line} ${block.text.split('\n', 1)[0]?.slice(0, 80)}`, block };
}

/**
 * Runs a block that only looks until it shows what the page promises, and one that changes something once.
 * Returns what differs from the promise in the end.
 */
async function run(block: Block, site: Site, shell: RunbookShell): Promise<string | undefined> {
  let difference: string | undefined;
  const isMet = async () => {
    difference = unmet(block, await runBlock(block, site, shell));
    return difference === undefined;
  };
  if (!isReadOnly(block)) await isMet();
  else await until('what the page promises', isMet, { timeoutMs: MET_WITHIN_MS }).catch(() => undefined);
  return difference;
}

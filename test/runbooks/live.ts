import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startSite, type Site } from '../drill/site/site.js';
import { builtFile } from '../support/gateway-process.js';
import { blocksOf, type Block } from './page.js';
import { differenceOf, isReadOnly } from './run-block.js';
import { RunbookShell } from './shell.js';

/** A block that is run for the last time then may take a minute itself. */
const TIMEOUT_MS = 180_000;

/** Runs every block of the pages of a scenario while its fault is on, and after it where the page says so. */
export function runPagesOf(scenario: string): void {
  const blocks = blocksOf(scenario).filter(({ excuse }) => excuse === undefined);
  let site: Site;
  let shell: RunbookShell;

  beforeAll(async () => {
    site = await startSite(scenario, { alerts: false });
    shell = await RunbookShell.start(site, builtFile('bin/gateway.js'));
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
  it.concurrent.each(looks.map(named))(
    '$title',
    async ({ block }) => {
      expect(await differenceOf(block, site, shell), block.text).toBeUndefined();
    },
    TIMEOUT_MS,
  );
  it.each(changes.map(named))(
    '$title',
    async ({ block }) => {
      expect(await differenceOf(block, site, shell), block.text).toBeUndefined();
    },
    TIMEOUT_MS,
  );
  if (after.length === 0) return;
  describe('and is over', () => {
    beforeAll(() => site.heal());
    it.each(after.map(named))(
      '$title',
      async ({ block }) => {
        expect(await differenceOf(block, site, shell), block.text).toBeUndefined();
      },
      TIMEOUT_MS,
    );
  });
}

function named(block: Block): { readonly title: string; readonly block: Block } {
  return { title: `${block.path}:${block.line} ${block.text.split('\n', 1)[0]?.slice(0, 80)}`, block };
}

import { type Block, blocksOf } from '../runbooks/page.js';
import { differenceOf, isReadOnly } from '../runbooks/run-block.js';
import { RunbookShell } from '../runbooks/shell.js';
import type { BlockResult } from './result.js';
import type { Site } from './site/site.js';

/** The blocks of the runbooks whose pages name the scenario of a site, run as they stand. */
export class RunbookBlocks {
  private constructor(
    private readonly site: Site,
    private readonly shell: RunbookShell,
    private readonly blocks: readonly Block[],
  ) {}

  /** Opens the shell, which ends with the site. @param gateway the command `gateway` in it: that of the sources, unless told otherwise. */
  static async open(site: Site, gateway?: string): Promise<RunbookBlocks> {
    const shell = site.parts.add(await RunbookShell.start(site, gateway));
    return new RunbookBlocks(site, shell, blocksOf(site.scenario.name));
  }

  /** Runs those of a moment: first what only looks, side by side, then what changes something, in the order of the pages. */
  async run(when: Block['when']): Promise<readonly BlockResult[]> {
    const meant = this.blocks.filter((block) => block.when === when);
    const results = await Promise.all(meant.filter(isReadOnly).map((block) => this.runOne(block)));
    for (const block of meant.filter((each) => !isReadOnly(each))) results.push(await this.runOne(block));
    return results;
  }

  private async runOne(block: Block): Promise<BlockResult> {
    const name = `${block.path}:${block.line}`;
    if (block.excuse !== undefined) return { block: name, outcome: 'excused', detail: block.excuse };
    const difference = await differenceOf(block, this.site, this.shell).catch(String);
    if (difference !== undefined) return { block: name, outcome: 'failed', detail: difference };
    return { block: name, outcome: 'met', detail: String(block.expect) };
  }
}

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../ops/project-files.js';
import { RunbookBlocks } from './blocks.js';
import { drill } from './drill.js';
import { report } from './report.js';
import { type DrillResult, failuresOf } from './result.js';
import { findScenario, SCENARIOS } from './scenarios/index.js';
import type { Scenario } from './scenarios/scenario.js';

const DIRECTORY = join(ROOT, '.cache/drill');

/** `npm run drill`: every scenario, one after the other; with names, those. `--list` names them. */
async function main(args: readonly string[]): Promise<number> {
  if (args.includes('--list')) {
    for (const { name, fault } of SCENARIOS) process.stdout.write(`${name.padEnd(24)}${fault}\n`);
    return 0;
  }
  const chosen = args.length === 0 ? SCENARIOS : args.map(findScenario);
  const results: DrillResult[] = [];
  for (const scenario of chosen) results.push(await run(scenario));
  const text = report(results);
  mkdirSync(DIRECTORY, { recursive: true });
  writeFileSync(join(DIRECTORY, 'report.md'), text);
  process.stdout.write(`\n${text}\nwritten to .cache/drill/report.md\n`);
  return results.some((result) => failuresOf(result).length > 0) ? 1 : 0;
}

/** A site that cannot be started is a failure of its scenario, and the others go on. */
async function run(scenario: Scenario): Promise<DrillResult> {
  process.stdout.write(`${scenario.name}: ${scenario.fault} …\n`);
  const result = await drill(scenario, (site) => RunbookBlocks.open(site)).catch((error: unknown) =>
    notStarted(scenario, error),
  );
  const failures = failuresOf(result);
  const verdict = failures.length === 0 ? 'ok' : failures.join('\n  ');
  process.stdout.write(`  ${verdict} (${result.seconds} s)\n`);
  return result;
}

function notStarted({ name, fault }: Scenario, error: unknown): DrillResult {
  const failures = [`the site did not start: ${String(error)}`];
  return { scenario: name, fault, seconds: 0, alerts: [], silenced: [], blocks: [], failures };
}

// Whatever a site has started ends with this process.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));

const exitCode = await main(process.argv.slice(2)).catch((error: unknown) => {
  process.stderr.write(`drill: ${error instanceof Error ? error.message : String(error)}\n`);
  return 1;
});
// Nothing is open any more, but after the drill of Redis, Node 24 waits for ever for handles to close while it ends by itself.
process.exit(exitCode);

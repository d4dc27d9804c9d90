import { readFileSync, writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { format, resolveConfig } from 'prettier';
import { buildGateway } from '../harness/gateway-build.js';
import { ROOT } from '../harness/paths.js';
import { pinSelf } from '../harness/process.js';
import { SoakTestbed } from './testbed.js';
import { parseSoakOptions, UsageError, usageOf, type SoakOptions } from './options.js';
import { hasPassed, mergeResults, type SoakResult } from './report.js';
import type { Scenario } from './scenario.js';
import { SCENARIOS } from './scenarios.js';

const LOAD_CORE = 1;
const SOURCES = ['--import', '@oxc-node/core/register', join(ROOT, 'src/main.ts')];
const MARKDOWN = join(ROOT, 'bench/BENCHMARKS.md');

const say = (text: string) => process.stdout.write(`${text}\n`);

interface Run {
  readonly options: SoakOptions;
  /** Arguments with which node runs the gateway. */
  readonly entry: readonly string[];
  readonly stop: AbortSignal;
}

/** Runs one scenario in an arena of its own; rejects when it takes too long. */
async function runOne(scenario: Scenario, { options, entry, stop }: Run): Promise<SoakResult> {
  const seconds = options.seconds ?? scenario.seconds;
  const command = `npm run soak -- --scenario ${scenario.name} --seconds ${seconds}${options.dist ? ' --dist' : ''}`;
  const [loadBefore = Number.NaN] = loadavg();
  const testbed = await SoakTestbed.open(entry, scenario.environment);
  const limit = (seconds + scenario.graceSeconds) * 1000;
  const finished = new AbortController();
  const either = AbortSignal.any([stop, finished.signal]);
  try {
    const overdue = pause(limit, undefined, { signal: either }).then(
      () => Promise.reject(new Error(`${scenario.name} was not done in ${limit / 1000} s`)),
      () => (stop.aborted ? Promise.reject(new Error('stopped')) : new Promise<never>(() => undefined)),
    );
    const findings = await Promise.race([scenario.run(testbed, seconds), overdue]);
    const date = new Date().toISOString().slice(0, 10);
    return { name: scenario.name, title: scenario.title, seconds, date, command, loadBefore, findings };
  } finally {
    finished.abort();
    await testbed.close();
  }
}

function sayResult(result: SoakResult): void {
  say(
    `\n${result.name}: ${hasPassed(result) ? 'pass' : 'FAIL'} (load of ${result.seconds} s, load average before ${result.loadBefore.toFixed(1)})`,
  );
  for (const { what, figure, target, passed } of result.findings) {
    const verdict = passed === undefined ? '' : `  [${target}: ${passed ? 'met' : 'MISSED'}]`;
    say(`  ${what}: ${figure}${verdict}`);
  }
}

/** Writes immediately: a later scenario may be stopped. */
async function save(result: SoakResult): Promise<void> {
  const document = mergeResults(readFileSync(MARKDOWN, 'utf8'), [result]);
  const style = await resolveConfig(MARKDOWN);
  writeFileSync(MARKDOWN, await format(document, { ...style, filepath: MARKDOWN }));
}

async function main(options: SoakOptions): Promise<boolean> {
  process.chdir(ROOT);
  const entry = options.dist ? [buildGateway()] : SOURCES;
  pinSelf(LOAD_CORE);
  say(`gateway: ${options.dist ? 'dist/main.js' : 'src/main.ts by the loader'}`);
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
  const results: SoakResult[] = [];
  for (const scenario of SCENARIOS.filter(({ name }) => options.scenarios.includes(name))) {
    const result = await runOne(scenario, { options, entry, stop: stop.signal });
    sayResult(result);
    results.push(result);
    if (options.save) await save(result);
  }
  return results.every(hasPassed);
}

const args = process.argv.slice(2);
const usage = usageOf(SCENARIOS.map(({ name }) => name));
if (args.includes('--help')) say(usage);
else {
  try {
    const options = parseSoakOptions(
      args,
      SCENARIOS.map(({ name }) => name),
    );
    process.exit((await main(options)) ? 0 : 1);
  } catch (error) {
    const isUsage = error instanceof UsageError;
    process.stderr.write(
      `soak: ${error instanceof Error ? error.message : String(error)}\n${isUsage ? `${usage}\n` : ''}`,
    );
    process.exit(isUsage ? 64 : 1);
  }
}

import { existsSync } from 'node:fs';
import { Testbed, profileFolder, type Running } from './harness/testbed.js';
import { measureScenario, type Sample } from './harness/measure.js';
import { UsageError, USAGE, parseOptions, type Options } from './harness/options.js';
import { ROOT } from './harness/paths.js';
import { pinSelf } from './harness/process.js';
import { describeProfile } from './harness/profile.js';
import { makeReport, saveReport } from './harness/report.js';
import { SYSTEMS } from './harness/systems.js';

const say = (text: string) => process.stdout.write(`${text}\n`);

/** Builds the systems before anything is started or pinned. Returns the reasons of those that cannot take part. */
function prepare(options: Options): { readonly names: Options['systems']; readonly absent: readonly string[] } {
  const absent = new Map(
    options.systems.flatMap((name) => {
      const reason = SYSTEMS[name].prepare(options);
      return reason === undefined ? [] : [[name, `${SYSTEMS[name].title}: left out, ${reason}`] as const];
    }),
  );
  return { names: options.systems.filter((name) => !absent.has(name)), absent: [...absent.values()] };
}

async function measure(testbed: Testbed, systems: readonly Running[], options: Options): Promise<Sample[]> {
  const samples: Sample[] = [];
  for (const scenario of options.scenarios) {
    for await (const sample of measureScenario(testbed, systems, scenario, options)) {
      samples.push(sample);
      const { round, system, cpuUsPerRequest, requestsPerSecond } = sample;
      say(
        `${scenario} round ${round + 1} ${system}: ${cpuUsPerRequest.toFixed(0)} µs, ${requestsPerSecond.toFixed(0)}/s`,
      );
    }
  }
  return samples;
}

function sayProfiles(names: Options['systems']): void {
  for (const name of names.filter((each) => existsSync(profileFolder(each)))) {
    const text = describeProfile(SYSTEMS[name].title, profileFolder(name));
    if (text !== undefined) say(`\n${text}`);
  }
}

async function main(options: Options): Promise<void> {
  process.chdir(ROOT);
  const { names, absent } = prepare(options);
  pinSelf(options.cores[1]);
  const testbed = await Testbed.open(options);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => void testbed.close().finally(() => process.exit(1)));
  }
  let samples: Sample[];
  try {
    const systems: Running[] = [];
    for (const name of names) systems.push(await testbed.add(name));
    samples = await measure(testbed, systems, options);
  } finally {
    await testbed.close();
  }
  const report = makeReport(samples, options, absent);
  say(`\n${report.text}`);
  if (options.profile) sayProfiles(names);
  if (options.save) saveReport(report, options);
}

const args = process.argv.slice(2);
if (args.includes('--help')) say(USAGE);
else {
  try {
    await main(parseOptions(args));
  } catch (error) {
    const isUsage = error instanceof UsageError;
    process.stderr.write(
      isUsage ? `${error.message}\n${USAGE}\n` : `bench: ${error instanceof Error ? error.message : String(error)}\n`,
    );
    process.exitCode = isUsage ? 64 : 1;
  }
}

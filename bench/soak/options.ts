import { parseArgs } from 'node:util';

/** A wrong command line; the message says how to fix it. */
export class UsageError extends Error {}

/** What one run does. */
export interface SoakOptions {
  readonly scenarios: readonly string[];
  /** In place of each scenario's own. */
  readonly seconds: number | undefined;
  /** Run `dist/main.js`, built first, in place of the sources. */
  readonly dist: boolean;
  readonly save: boolean;
}

const MAX_SECONDS = 24 * 3600;

/** The command line, for --help and wrong options. */
export const usageOf = (names: readonly string[]) => `usage: npm run soak -- [options]
  --scenario <names>  of ${names.join(',')}
  --seconds <n>       length of the load of each, in place of its own
  --dist              measure the build (npm run build) in place of the sources
  --save              put the figures into bench/BENCHMARKS.md`;

function parse(args: readonly string[]) {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean', default: false } as const;
  try {
    return parseArgs({ args: [...args], options: { scenario: text, seconds: text, dist: flag, save: flag } }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function namesOf(given: string | undefined, known: readonly string[]): readonly string[] {
  if (given === undefined) return known;
  const wanted = given.split(',').map((name) => name.trim());
  const unknown = wanted.find((name) => !known.includes(name));
  if (unknown !== undefined) throw new UsageError(`--scenario: "${unknown}" is none of ${known.join(', ')}`);
  return known.filter((name) => wanted.includes(name));
}

function secondsOf(given: string | undefined): number | undefined {
  if (given === undefined) return undefined;
  const seconds = Number(given);
  if (!(seconds >= 1 && seconds <= MAX_SECONDS)) {
    throw new UsageError(`--seconds: "${given}" is not a number from 1 to ${MAX_SECONDS}`);
  }
  return seconds;
}

/** Reads the command line; scenarios keep the order in which they are known. Throws UsageError. */
export function parseSoakOptions(args: readonly string[], known: readonly string[]): SoakOptions {
  const { scenario, seconds, dist, save } = parse(args);
  return { scenarios: namesOf(scenario, known), seconds: secondsOf(seconds), dist, save };
}

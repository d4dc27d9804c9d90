import { parseArgs } from 'node:util';
import { SCENARIO_NAMES, type ScenarioName } from './scenarios.js';

export const SYSTEM_NAMES = ['nest', 'fastify', 'go', 'gateway', 'gateway-traced', 'gateway-grpc-js'] as const;
/** `before` is another checkout of the gateway. */
export type SystemName = (typeof SYSTEM_NAMES)[number] | 'before';

/** Options of one benchmark run. */
export interface Options {
  readonly systems: readonly SystemName[];
  readonly scenarios: readonly ScenarioName[];
  readonly rounds: number;
  readonly seconds: number;
  readonly warmupSeconds: number;
  readonly connections: number;
  /** Requests per second over all connections; undefined means as many as one core can answer. */
  readonly rate: number | undefined;
  /** Core of the system under test and core of the load and the upstream. */
  readonly cores: readonly [number, number];
  /** Write the result files; the default only for a complete run. */
  readonly save: boolean;
  /** Start the Node systems with --cpu-prof and print where the time went. */
  readonly profile: boolean;
  /** Folder of a built checkout of the gateway to compare with; undefined: none. */
  readonly before: string | undefined;
}

/** A wrong command line; the message says how to fix it. */
export class UsageError extends Error {}

/** The command line, for --help and wrong options. */
export const USAGE = `usage: npm run bench -- [options]
  --only <names>      systems, of ${SYSTEM_NAMES.join(',')}
  --scenario <names>  of ${SCENARIO_NAMES.join(',')}
  --rounds <n>        interleaved rounds (12)
  --seconds <n>       load per system, scenario and round (1.5)
  --warmup <n>        seconds of load per system and scenario before the first round (3)
  --connections <n>   open connections (64)
  --rate <n>          requests a second instead of saturation
  --cores <a,b>       core of the system under test, core of the load and the upstream (0,1)
  --before <folder>   also measure the gateway built in another checkout
  --quick             2 rounds of 1 s, no result files
  --save              write the result files of a partial run, too
  --profile           print the time of the Node systems by package`;

function namesOf<T extends string>(option: string, given: string | undefined, known: readonly T[]): readonly T[] {
  if (given === undefined) return known;
  const wanted = given.split(',').map((name) => name.trim());
  const unknown = wanted.find((name) => !known.includes(name as T));
  if (unknown !== undefined) throw new UsageError(`--${option}: "${unknown}" is none of ${known.join(', ')}`);
  return known.filter((name) => wanted.includes(name));
}

function numberOf(option: string, given: string | undefined, fallback: number): number {
  const value = given === undefined ? fallback : Number(given);
  if (!Number.isFinite(value) || value <= 0) throw new UsageError(`--${option}: "${given}" is not a number above 0`);
  return value;
}

function coresOf(given: string): readonly [number, number] {
  const match = /^(\d+),(\d+)$/.exec(given);
  if (!match || match[1] === match[2])
    throw new UsageError(`--cores: "${given}" is not two different cores such as 0,1`);
  return [Number(match[1]), Number(match[2])];
}

const text = { type: 'string' } as const;
const flag = { type: 'boolean', default: false } as const;

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        only: text,
        scenario: text,
        rounds: text,
        seconds: text,
        warmup: text,
        connections: text,
        rate: text,
        cores: { type: 'string', default: '0,1' },
        quick: flag,
        save: flag,
        profile: flag,
        before: text,
      },
    }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

/** Reads the command line. Throws UsageError. */
export function parseOptions(args: readonly string[]): Options {
  const given = parse(args);
  const named = namesOf('only', given.only, SYSTEM_NAMES);
  const systems: SystemName[] = given.before === undefined ? [...named] : ['before', ...named];
  const scenarios = namesOf('scenario', given.scenario, SCENARIO_NAMES);
  const isWhole =
    given.before === undefined && systems.length === SYSTEM_NAMES.length && scenarios.length === SCENARIO_NAMES.length;
  return {
    systems,
    scenarios,
    rounds: Math.ceil(numberOf('rounds', given.rounds, given.quick ? 2 : 12)),
    seconds: numberOf('seconds', given.seconds, given.quick ? 1 : 1.5),
    warmupSeconds: numberOf('warmup', given.warmup, given.quick ? 1 : 3),
    connections: Math.ceil(numberOf('connections', given.connections, 64)),
    rate: given.rate === undefined ? undefined : numberOf('rate', given.rate, 1),
    cores: coresOf(given.cores),
    save: given.save || (isWhole && !given.quick && !given.profile),
    profile: given.profile,
    before: given.before,
  };
}

import type { Sample } from './measure.js';
import type { SystemName } from './options.js';
import type { ScenarioName } from './scenarios.js';
import { median, pairedRatio, type Ratio } from './statistics.js';

const BASELINE: SystemName = 'nest';

/** One line of the table: medians over the rounds. */
export interface Row {
  readonly scenario: ScenarioName;
  readonly system: SystemName;
  readonly cpuUsPerRequest: number;
  /** CPU time per request relative to stock NestJS, by round. */
  readonly ratio: Ratio | undefined;
  readonly requestsPerSecond: number;
  readonly busy: number;
  readonly loadBusy: number;
  readonly foreign: number;
  readonly upstreamUsPerRequest: number;
  readonly loadUsPerRequest: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly rssBytes: number;
}

/** Target of the gateway: its CPU time per request, as a share of stock NestJS's. */
export const TARGETS: Partial<Record<ScenarioName, number>> = { 'get-one': 0.8, 'list-50': 0.45 };

function cpuByRound(samples: readonly Sample[]): Map<number, number> {
  return new Map(samples.map(({ round, cpuUsPerRequest }) => [round, cpuUsPerRequest]));
}

const MIDDLES = [
  'cpuUsPerRequest',
  'requestsPerSecond',
  'busy',
  'loadBusy',
  'foreign',
  'upstreamUsPerRequest',
  'loadUsPerRequest',
  'p50Ms',
  'p99Ms',
  'rssBytes',
] as const satisfies readonly (keyof Row & keyof Sample)[];

type Middles = Pick<Row, (typeof MIDDLES)[number]>;

function toRow(samples: readonly [Sample, ...Sample[]], baseline: readonly Sample[]): Row {
  const [{ scenario, system }] = samples;
  const middles = Object.fromEntries(MIDDLES.map((name) => [name, median(samples.map((each) => each[name]))]));
  return { scenario, system, ratio: pairedRatio(cpuByRound(samples), cpuByRound(baseline)), ...(middles as Middles) };
}

/** Rows in the order in which scenarios and systems first appear. */
export function summarise(samples: readonly Sample[]): Row[] {
  const groups = Map.groupBy(samples, ({ scenario, system }) => `${scenario} ${system}`);
  return [...groups.values()].flatMap((group) => {
    const [first, ...rest] = group;
    if (first === undefined) return [];
    const baseline = samples.filter(({ scenario, system }) => scenario === first.scenario && system === BASELINE);
    return [toRow([first, ...rest], baseline)];
  });
}

/** Returns a sentence for each target that these rows cover. */
export function verdicts(rows: readonly Row[]): string[] {
  return rows.flatMap(({ scenario, system, ratio }) => {
    const target = TARGETS[scenario];
    if (system !== 'gateway' || target === undefined || ratio === undefined) return [];
    const word = ratio.median <= target ? 'met' : 'MISSED';
    return [`${scenario}: ${ratio.median.toFixed(2)} of stock NestJS, target at most ${target}: ${word}`];
  });
}

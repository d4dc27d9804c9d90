import { median } from '../harness/statistics.js';
import type { LoadFigures } from './steady-load.js';

/** Quiet and loaded stretches of one run. */
export interface Pairs {
  readonly quietP99Ms: number;
  readonly loadedP99Ms: number;
  /** Median of the ratios loaded : quiet, each within its round. */
  readonly ratio: number;
  readonly quiet: readonly LoadFigures[];
  readonly loaded: readonly LoadFigures[];
}

/** Runs quiet and loaded stretches in turn: a slow minute of the machine hits both, so that it hardly shows in the ratio. */
export async function inTurns(
  rounds: number,
  quietly: () => Promise<LoadFigures>,
  loadedly: () => Promise<LoadFigures>,
): Promise<Pairs> {
  const quiet: LoadFigures[] = [];
  const loaded: LoadFigures[] = [];
  for (let round = 0; round < rounds; round += 1) {
    quiet.push(await quietly());
    loaded.push(await loadedly());
  }
  return {
    quiet,
    loaded,
    quietP99Ms: median(quiet.map(({ p99Ms }) => p99Ms)),
    loadedP99Ms: median(loaded.map(({ p99Ms }) => p99Ms)),
    ratio: median(loaded.map(({ p99Ms }, round) => p99Ms / (quiet[round]?.p99Ms ?? Number.NaN))),
  };
}

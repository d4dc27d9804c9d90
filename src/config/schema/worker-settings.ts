import { availableParallelism } from 'node:os';
import { defaulted, type Kind } from '../setting.js';
import { count } from '../unit-parsers.js';

const MAX_WORKERS = 64;
const AUTO = 'auto';
const within = count({ min: 1, max: MAX_WORKERS });

/** Variable that the primary process sets for its workers: `2/4` is the second of four. It is not a setting. */
export const WORKER_VARIABLE = 'WORKER_PLACE';

/** Number of a worker process. */
export interface WorkerPlace {
  /** Counted from 1. A worker that replaces another one has the same number. */
  readonly number: number;
  readonly of: number;
}

/** Parses the number of worker processes. */
export const workerCount: Kind<number> = {
  form: 'auto or whole number',
  parse: (raw) => (raw === AUTO ? Math.min(availableParallelism(), MAX_WORKERS) : within.parse(raw)),
};

/** Reads the number of this worker; undefined in a single process and in the primary process. */
export function workerPlaceOf(env: Readonly<Record<string, string | undefined>>): WorkerPlace | undefined {
  const [, number, of] = /^(\d+)\/(\d+)$/.exec(env[WORKER_VARIABLE] ?? '') ?? [];
  return number === undefined ? undefined : { number: Number(number), of: Number(of) };
}

/** Settings of worker processes. */
export const workerSettings = {
  GATEWAY_WORKERS: defaulted(workerCount, '1', {
    description:
      'Number of processes that share the port; `auto`: one per CPU that the process may use. Limits and caches are divided among them (docs/workers.md). On Kubernetes keep 1 and scale pods.',
    example: 'auto',
  }),
};

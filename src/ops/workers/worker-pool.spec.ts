import { EventEmitter } from 'node:events';
import type { Worker } from 'node:cluster';
import { pino } from 'pino';
import { expect, it } from 'vitest';
import type { Schedule } from '../../domain/schedule.js';
import { WorkerPool } from './worker-pool.js';

/** The process of a worker, as node:cluster shows it. */
class PlayedWorker extends EventEmitter {
  readonly signals: string[] = [];
  readonly process = { pid: 1, kill: (signal: string) => void this.signals.push(signal) };

  constructor(readonly number: number) {
    super();
  }

  send(): void {}

  /** It says that it serves. */
  serve(): void {
    this.emit('message', { link: 'ask', id: 1, name: 'started', input: { url: 'http://127.0.0.1:1' } });
  }

  end(code: number | null, signal: string | null = null): void {
    this.emit('exit', code, signal);
  }
}

function played(count = 2) {
  const workers: PlayedWorker[] = [];
  const pauses: number[] = [];
  const due: (() => void)[] = [];
  const lines: Record<string, unknown>[] = [];
  const schedule: Schedule = (run, ms) => {
    pauses.push(ms);
    due.push(run);
    return () => void due.splice(due.indexOf(run), 1);
  };
  const pool = new WorkerPool({
    count,
    fork: (number) => {
      workers.push(new PlayedWorker(number));
      return workers.at(-1) as unknown as Worker;
    },
    log: pino({}, { write: (line: string) => void lines.push(JSON.parse(line) as Record<string, unknown>) }),
    handlers: () => ({}),
    onStarted: () => undefined,
    onEnded: () => undefined,
    schedule,
  });
  const last = () => workers.at(-1) as PlayedWorker;
  const replace = () => {
    due.splice(0).forEach((run) => run());
    last().serve();
  };
  const messages = () => lines.map(({ msg }) => String(msg));
  return { pool, workers, pauses, replace, last, messages };
}

async function serving(count = 2) {
  const all = played(count);
  const starting = all.pool.start();
  for (const worker of all.workers) worker.serve();
  await starting;
  return all;
}

it('workers start together, and the pool has started when each of them serves', async () => {
  const { pool, workers } = played(3);
  let hasStarted = false;
  const starting = pool.start().then(() => (hasStarted = true));
  expect(workers.map(({ number }) => number)).toEqual([1, 2, 3]);
  workers.slice(0, 2).forEach((worker) => worker.serve());
  await new Promise((resolve) => setImmediate(resolve));
  expect(hasStarted).toBe(false);
  workers[2]?.serve();
  await starting;
});

it('a start that one worker refuses is refused with its exit code', async () => {
  const { pool, workers } = played();
  void pool.start();
  workers[0]?.serve();
  workers[1]?.end(78);
  expect(await pool.failed).toBe(78);
});

it('a worker that ends is replaced under its number, after pauses that grow', async () => {
  const { workers, pauses, replace, last } = await serving();
  workers[1]?.end(null, 'SIGKILL');
  replace();
  expect(last().number).toBe(2);
  last().end(1);
  replace();
  last().end(1);
  replace();
  expect(pauses).toEqual([250, 500, 1_000]);
});

it('a worker that was told to stop is replaced immediately, and is not counted', async () => {
  const { workers, pauses, replace, last } = await serving();
  workers[0]?.end(0);
  for (let n = 0; n < 10; n++) {
    replace();
    last().end(0);
  }
  expect(new Set(pauses)).toEqual(new Set([0]));
});

it('five workers in a row that end soon after their start end the process with an error', async () => {
  const { pool, workers, replace, last, messages } = await serving();
  workers[0]?.end(1);
  for (let n = 0; n < 4; n++) {
    replace();
    last().end(1);
  }
  expect(await pool.failed).toBe(1);
  expect(messages().at(-1)).toMatch(/^worker_crash_loop /);
});

it('a stop tells all workers, replaces none, and ends with the highest of their exit codes', async () => {
  const { pool, workers, pauses } = await serving();
  const stopped = pool.stop();
  expect(workers.map(({ signals }) => signals)).toEqual([['SIGTERM'], ['SIGTERM']]);
  workers[0]?.end(0);
  workers[1]?.end(1);
  expect(await stopped).toBe(1);
  expect(pauses).toEqual([]);
});

import type { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { pino } from 'pino';
import { GatewayMetrics } from '../../src/observe/metrics.js';
import { AdminAudit } from '../../src/ops/admin/admin-audit.js';
import type { AdminCommands } from '../../src/ops/admin/admin-messages.js';
import { AdminListener } from '../../src/ops/admin/admin-listener.js';
import { startWorker } from '../../src/ops/admin/start-worker.js';

let lines: { msg: string; restart_in_ms?: number }[];
let workers: Worker[];
let restarts: { run: () => void; ms: number }[];
let listener: AdminListener;
let metrics: GatewayMetrics;

beforeEach(async () => {
  [lines, workers, restarts] = [[], [], []];
  metrics = new GatewayMetrics({ inFlight: new Set(), droppedLines: () => 0 });
  const logger = pino({}, { write: (line: string) => void lines.push(JSON.parse(line) as { msg: string }) });
  const commands = {
    'list-circuits': () => ({ circuits: [] }),
    'show-routes': () => new Promise(() => {}),
    'show-keys': () => Promise.reject(new Error('a bug')),
  } as unknown as AdminCommands;
  listener = await AdminListener.start(
    {
      host: '127.0.0.1',
      port: 0,
      token: undefined,
      readToken: undefined,
      runbooksUrl: undefined,
      blockRate: 0,
      mutexFraction: 1,
    },
    {
      commands,
      audit: new AdminAudit(logger, metrics),
      startWorker(settings) {
        const worker = startWorker(settings);
        workers.push(worker);
        return worker;
      },
      schedule: (run, ms) => {
        restarts.push({ run, ms });
        return () => undefined;
      },
    },
  );
});
afterEach(() => listener.close());

const circuits = () => fetch(`${listener.url}/admin/circuits`).then((response) => response.status);
const restartCount = async () => (await metrics.adminRestarts.get()).values[0]?.value;

/** Ends the thread, and waits until that is noticed. */
async function kill(): Promise<number | undefined> {
  await workers.at(-1)?.terminate();
  await expect.poll(() => restarts.length).toBe(1);
  return restarts[0]?.ms;
}

async function restart(): Promise<void> {
  const [next] = restarts.splice(0);
  const heard = lines.length;
  next?.run();
  await expect.poll(() => lines.length).toBeGreaterThan(heard);
}

describe('a thread of the admin listener that ended', () => {
  it('is started again, on the same port', async () => {
    const { url } = listener;
    expect(await circuits()).toBe(200);
    expect(await kill()).toBe(250);
    await expect(circuits()).rejects.toThrow('fetch failed');
    await restart();
    expect([listener.url, await circuits(), workers.length]).toEqual([url, 200, 2]);
    expect(lines.map(({ msg }) => msg).filter((msg) => !msg.startsWith('admin_action'))).toEqual([
      'admin_listening',
      'admin_listener_lost',
      'admin_listening',
    ]);
    expect(await restartCount()).toBe(1);
  });

  it('is started again more rarely each time that it ends soon', async () => {
    const pauses: unknown[] = [];
    for (let n = 0; n < 3; n++) {
      pauses.push(await kill());
      await restart();
    }
    expect(pauses).toEqual([250, 500, 1_000]);
    expect(await circuits()).toBe(200);
  });

  it('is left alone once the listener is closed', async () => {
    await listener.close();
    expect([restarts, lines.filter(({ msg }) => msg === 'admin_listener_lost')]).toEqual([[], []]);
  });
});

describe('a command of the main thread', () => {
  it('that does not end is given up at its deadline', async () => {
    const answer = (await (await fetch(`${listener.url}/admin/routes`)).json()) as { code: string; detail: string };
    expect(answer).toMatchObject({ status: 504, code: 'MAIN_THREAD_STALLED' });
    expect(answer.detail).toBe('It was begun, but has not ended within 2 s.');
  });

  it('that fails by a bug says nothing of it to the caller, and all of it to the log', async () => {
    const response = await fetch(`${listener.url}/admin/keys`);
    expect([response.status, (await response.text()).includes('a bug')]).toEqual([500, false]);
    expect(lines.map(({ msg }) => msg)).toContain('admin_command_failed command=show-keys');
  });
});

import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { eventually, type SoakTestbed, type SoakGateway } from '../testbed.js';
import type { IdleFigures, IdleWish } from '../idle-process.js';
import { atLeast, atMost, exactly, noted, rounded, type Finding, type Scenario } from '../scenario.js';
import { countOf, steadyLoad } from '../steady-load.js';

const IDLE = 10_000;
/** Connections beside the idle ones, for the good requests. */
export const ROOM = 100;
export const ABOVE = 500;
export const RATE = 50;
const P99_RATIO = 1.5;
const RSS_MIB = 150;
const LIVEZ_MS = 1_000;
const GONE_WITHIN_SECONDS = 30;

function startIdle(testbed: SoakTestbed): ChildProcess {
  const child = fork(join(import.meta.dirname, '../idle-process.ts'), [], {
    execArgv: ['--import', '@oxc-node/core/register'],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  testbed.onClose(() => child.kill('SIGKILL'));
  return child;
}

async function open(child: ChildProcess, wish: IdleWish): Promise<IdleFigures> {
  child.send(wish);
  const [figures] = await once(child, 'message');
  return figures as IdleFigures;
}

/** How many connections there are, and of which kind. */
export interface Idle {
  readonly count: number;
  /** Settings of the listener. */
  readonly env?: Readonly<Record<string, string>>;
}

/** How long /livez takes to answer, in ms; NaN where it is not 200. */
async function livezMs({ opsUrl }: SoakGateway): Promise<number> {
  const startedAt = performance.now();
  const { ok } = await fetch(`${opsUrl}/livez`);
  return ok ? performance.now() - startedAt : Number.NaN;
}

/** Opens idle connections beside good requests, and then more than are allowed. */
export async function withIdle(testbed: SoakTestbed, seconds: number, { count, env = {} }: Idle): Promise<Finding[]> {
  const gateway = await testbed.gateway({ GATEWAY_MAX_CONNECTIONS: String(count + ROOM), ...env });
  const headers = { authorization: `Bearer ${await testbed.environment.token('alice@acme.test')}` };
  const good = (length: number) =>
    steadyLoad({
      rate: RATE,
      seconds: length,
      maxOpen: 20,
      shot: () => ({ url: `${gateway.url}/api/v1/users`, headers }),
    });
  await good(3);
  const quiet = await good(seconds / 2);
  const handles = async () => (await gateway.metrics()).sum('nodejs_active_handles_total');
  const [rss, heap, held] = [gateway.rssMib, await gateway.heapMib(), await handles()];
  const child = startIdle(testbed);
  const idle = await open(child, { url: gateway.url, count });
  const loaded = await good(seconds / 2);
  const livez = await livezMs(gateway);
  const [rssWith, heapWith] = [gateway.rssMib, await gateway.heapMib()];
  const above = await open(child, { url: gateway.url, count: ABOVE });
  child.kill('SIGKILL');
  const isBack = await eventually(async () => (await handles()) <= held + ROOM, GONE_WITHIN_SECONDS);
  const kib = ((heapWith - heap) * 1024) / idle.open;
  return [
    exactly('idle connections open', idle.open, count),
    exactly('good requests answered 200', countOf(quiet, 200) + countOf(loaded, 200), quiet.sent + loaded.sent),
    atMost('p99 of good requests, × quiet', loaded.p99Ms / quiet.p99Ms, P99_RATIO),
    noted('p99 quiet, with idle connections', `${quiet.p99Ms.toFixed(1)} ms, ${loaded.p99Ms.toFixed(1)} ms`),
    atMost('time of /livez', livez, LIVEZ_MS, 'ms'),
    atMost('growth of RSS', rssWith - rss, RSS_MIB, 'MiB'),
    noted('heap of a connection', `${rounded(kib)} KiB`),
    atLeast(`of ${ABOVE} further connections, refused`, above.refused, ABOVE - ROOM),
    exactly('connections gone when their clients are', Number(isBack), 1),
  ];
}

/** As many idle connections as a gateway takes, and some more. */
export const idleConnections: Scenario = {
  name: 'idle-connections',
  title: `${IDLE} idle connections beside ${RATE} good requests/s, and ${ABOVE} more (GATEWAY_MAX_CONNECTIONS=${IDLE + ROOM})`,
  seconds: 40,
  graceSeconds: 150,
  run: (testbed, seconds) => withIdle(testbed, seconds, { count: IDLE }),
};

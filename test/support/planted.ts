import { once } from 'node:events';
import { createServer } from 'node:http';
import { execFileSync } from 'node:child_process';
import type { AddressInfo } from 'node:net';
import { getHeapStatistics } from 'node:v8';
import { isMainThread, type Worker } from 'node:worker_threads';

/** Faults planted into a gateway by `--import`, in its main thread, each begun and ended by a request to a server of their own. */
const kept: { readonly text: unknown }[] = [];
const held: Buffer[] = [];
const garbage: object[][] = [];

export function plantedHotFunction(ms: number): number {
  const end = performance.now() + ms;
  let sum = 0;
  while (performance.now() < end) {
    for (let n = 0; n < 1_000; n += 1) sum += Math.sqrt(sum + n);
  }
  return sum;
}

export function plantedLeak(): void {
  for (let n = 0; n < 1_000; n += 1) {
    kept.push({ text: `leak ${n} ${'x'.repeat(50)}`.split('').join('-') });
  }
}

export function plantedChurn(): number {
  let length = 0;
  for (let n = 0; n < 5_000; n += 1) length += `churn ${n}`.split('').join('-').length;
  return length;
}

/** Nothing of it can be interrupted. */
export function plantedNativeCall(seconds: string): void {
  execFileSync('sleep', [seconds]);
}

/** Blocks the event loop three quarters of the time. */
export function plantedBlocks(): void {
  plantedHotFunction(150);
}

/** As much garbage as keeps the collector busy: it lives long enough to be copied. */
export function plantedGarbage(): void {
  garbage.push(Array.from({ length: 40_000 }, (_none, n) => ({ n, text: `garbage ${n}` })));
  if (garbage.length > 20) garbage.shift();
}

/** Holds objects until so much of the heap is used, in percent, and then as many as that takes. */
export function plantedFullHeap(): void {
  const { used_heap_size: used, heap_size_limit: limit } = getHeapStatistics();
  if (used / limit < 0.925) kept.push({ text: Array.from({ length: 4_000 }, (_none, n) => ({ n })) });
}

/** Holds memory beside the heap until the process uses nine tenths of what it may. */
export function plantedFullMemory(): void {
  if (process.memoryUsage.rss() < 0.9 * process.constrainedMemory()) held.push(Buffer.alloc(8_388_608, 1));
}

function free(): void {
  clearInterval(timer);
  kept.length = 0;
  held.length = 0;
  global.gc?.();
}

/** The thread of the admin listener ends, again as soon as it is back. */
export function plantedAdminEnd(): void {
  void workers.pop()?.terminate();
}

const workers: Worker[] = [];
process.on('worker', (worker: Worker) => void (worker.threadName === 'admin' && workers.push(worker)));

/** Time of this process is so many ms ahead of that of the machine. */
let aheadMs = 0;
const machineTime = Date.now;
Date.now = () => machineTime() + aheadMs;

/** Stands for the limit of a cgroup, in bytes. */
const limit = Number(process.env['PLANTED_MEMORY_LIMIT'] ?? 0);
if (limit > 0) process.constrainedMemory = () => limit;

let timer: NodeJS.Timeout | undefined;
const FAULTS: Readonly<Record<string, () => void>> = {
  '/hot': () => (timer = setInterval(() => plantedHotFunction(40), 50)),
  '/leak': () => (timer = setInterval(plantedLeak, 20)),
  '/churn': () => (timer = setInterval(plantedChurn, 20)),
  '/stop': () => clearInterval(timer),
  '/blocks': () => (timer = setInterval(plantedBlocks, 200)),
  '/garbage': () => (timer = setInterval(plantedGarbage, 1)),
  '/full-heap': () => (timer = setInterval(plantedFullHeap, 5)),
  '/full-memory': () => (timer = setInterval(plantedFullMemory, 20)),
  '/free': free,
  '/end-admin': () => (timer = setInterval(plantedAdminEnd, 50)),
  '/an-hour-ago': () => (aheadMs = -3_700_000),
  '/now': () => (aheadMs = 0),
  '/long': () => void setImmediate(() => plantedHotFunction(500)),
  '/block': () => void setImmediate(() => plantedHotFunction(5_000)),
  '/block-for-long': () => void setImmediate(() => plantedHotFunction(10_000)),
  '/native': () => void setImmediate(() => plantedNativeCall('3')),
  '/exit': () => process.exit(0),
};

if (isMainThread) {
  const server = createServer((request, response) => {
    response.end();
    response.once('close', () => FAULTS[request.url ?? '']?.());
  });
  server.listen(0, '127.0.0.1').unref();
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  process.stdout.write(`${JSON.stringify({ msg: 'planted', url })}\n`);
}

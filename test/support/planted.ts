import { once } from 'node:events';
import { createServer } from 'node:http';
import { execFileSync } from 'node:child_process';
import type { AddressInfo } from 'node:net';
import { isMainThread } from 'node:worker_threads';

/** Faults planted into a gateway by `--import`, in its main thread, each begun and ended by a request to a server of their own. */
const kept: { readonly text: string }[] = [];

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

let timer: NodeJS.Timeout | undefined;
const FAULTS: Readonly<Record<string, () => void>> = {
  '/hot': () => (timer = setInterval(() => plantedHotFunction(40), 50)),
  '/leak': () => (timer = setInterval(plantedLeak, 20)),
  '/churn': () => (timer = setInterval(plantedChurn, 20)),
  '/stop': () => clearInterval(timer),
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

import { spawn } from 'node:child_process';
import { GATEWAY_CORE, type SoakTestbed } from './testbed.js';

/** Ends with the soak, whatever becomes of it. */
const BUSY = 'const soak = process.ppid; while (process.ppid === soak) for (let n = 0; n < 1e7; n++);';

/** Gives the gateway's core another process that is never idle, until the arena is closed. */
export function startNeighbour(testbed: SoakTestbed): void {
  const child = spawn('taskset', ['-c', String(GATEWAY_CORE), process.execPath, '-e', BUSY], { stdio: 'ignore' });
  child.on('error', () => undefined);
  testbed.onClose(() => child.kill('SIGKILL'));
}

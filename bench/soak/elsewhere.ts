import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { LoadFigures } from './steady-load.js';

/** GET requests that another process is to send, at a steady rate. */
export interface RemoteLoad {
  readonly url: string;
  readonly rate: number;
  readonly seconds: number;
  /** Credentials, in turn. */
  readonly tokens: readonly string[];
}

/**
 * Sends a load from a process of its own, which gives way to this one: what measures the good requests is not busy with
 * those of an attacker. Rejects when the process ends without figures.
 */
export async function sendElsewhere(load: RemoteLoad): Promise<LoadFigures> {
  const child = fork(join(import.meta.dirname, 'load-process.ts'), [], {
    execArgv: ['--import', '@oxc-node/core/register'],
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  try {
    child.send(load);
    const ended = once(child, 'exit').then(([code]) => {
      throw new Error(`the process of a load ended with ${code}`);
    });
    const [figures] = await Promise.race([once(child, 'message'), ended]);
    return figures as LoadFigures;
  } finally {
    child.kill('SIGKILL');
  }
}

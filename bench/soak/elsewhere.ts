import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { CheapFigures, CheapLoad } from './cheap-load.js';
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
export function sendElsewhere(load: RemoteLoad): Promise<LoadFigures> {
  return inProcess('load-process.ts', load) as Promise<LoadFigures>;
}

/** Sends prepared bytes from a process that does nothing else, so that it can offer more than a gateway answers. */
export function sendCheaply(load: CheapLoad): Promise<CheapFigures> {
  return inProcess('cheap-load-process.ts', load) as Promise<CheapFigures>;
}

async function inProcess(file: string, load: RemoteLoad | CheapLoad): Promise<unknown> {
  const child = fork(join(import.meta.dirname, file), [], {
    execArgv: ['--import', '@oxc-node/core/register'],
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  try {
    child.send(load);
    const ended = once(child, 'exit').then(([code]) => {
      throw new Error(`the process of a load ended with ${code}`);
    });
    const [figures] = (await Promise.race([once(child, 'message'), ended])) as [unknown];
    return figures;
  } finally {
    child.kill('SIGKILL');
  }
}

import { once } from 'node:events';
import { connect } from 'node:net';
import { join } from 'node:path';
import { PinnedProcess, freePort } from '../harness/process.js';
import type { SoakTestbed } from './testbed.js';

const BACKEND_CORE = 1;

/**
 * Starts the backend of the benchmarks, whose responses are prepared bytes. The sandbox's backend needs more CPU per call
 * than the gateway, so it would be overloaded instead. Resolves to the address.
 */
export async function startQuickBackend(testbed: SoakTestbed, outputFile: string): Promise<string> {
  const port = await freePort();
  const command = {
    file: process.execPath,
    args: ['--import', '@oxc-node/core/register', join(import.meta.dirname, '../upstream.ts')],
    env: { PORT: String(port) },
  };
  const backend = new PinnedProcess('backend', command, BACKEND_CORE, outputFile);
  testbed.onClose(() => backend.stop());
  await backend.ready(async () => {
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect').finally(() => socket.destroy());
    return true;
  });
  return `127.0.0.1:${port}`;
}

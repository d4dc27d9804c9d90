import { randomUUID } from 'node:crypto';
import { lookup } from 'node:dns/promises';
import { Worker } from 'node:worker_threads';
import { ConfigError } from '../../config/config-error.js';
import { formatListenAddress } from '../../config/listen-address.js';
import { isOwnHost } from '../../config/loopback.js';
import { type AdminConfig, tokenMissing } from '../../config/schema/admin-settings.js';
import type { WorkerSettings } from './admin-messages.js';
import { hashToken } from './caller-check.js';

/** Heap limit of the worker. It holds no data of requests except profiles. */
const HEAP_MIB = 256;
const LOADER = '@oxc-node/core/register';

/**
 * Resolves the host here, so that the checked address is the one that is used. Throws ConfigError when others can
 * reach it without a token.
 */
export async function workerSettings(config: AdminConfig): Promise<WorkerSettings> {
  const { address } = await lookup(config.host);
  if (config.token === undefined && !isOwnHost(address)) {
    throw new ConfigError([tokenMissing(`is ${formatListenAddress(config)}, here ${address}`)]);
  }
  const { token, readToken, port, host: name, blockRate } = config;
  const tokenHash = token === undefined ? undefined : hashToken(token);
  const readTokenHash = readToken === undefined ? undefined : hashToken(readToken);
  return { address, port, name, tokenHash, readTokenHash, gatewayId: randomUUID(), blockRate };
}

/**
 * Starts the thread, from source or from the build. It gets neither the environment, with its secrets, nor the flags
 * of the process.
 */
export function startWorker(workerData: WorkerSettings): Worker {
  const isSource = import.meta.url.endsWith('.ts');
  return new Worker(new URL(isSource ? 'admin.worker.ts' : 'admin.worker.js', import.meta.url), {
    workerData,
    name: 'admin',
    env: {},
    execArgv: isSource ? ['--import', import.meta.resolve(LOADER)] : [],
    resourceLimits: { maxOldGenerationSizeMb: HEAP_MIB },
  });
}

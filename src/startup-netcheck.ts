import { connect } from 'node:net';
import type { Logger } from 'pino';
import { formatListenAddress, type ListenAddress } from './config/listen-address.js';
import { TimedOut, withDeadline } from './domain/loop-timeout.js';

const CONNECT_MS = 5_000;

/** Thrown when hosts of GATEWAY_STARTUP_NETCHECK_HOSTS cannot be reached. */
export class NetcheckError extends Error {
  override readonly name = 'NetcheckError';

  constructor(readonly failures: readonly { readonly host: string; readonly reason: string }[]) {
    super(failures.map(({ host, reason }) => `${host}: ${reason}`).join('\n'));
  }
}

/** Connects to all hosts concurrently, each once, with a timeout of five seconds. Rejects with NetcheckError, which contains all failures. */
export async function checkNetwork(hosts: readonly ListenAddress[], log: Logger): Promise<void> {
  const outcomes = await Promise.all(
    hosts.map(async (address) => {
      const host = formatListenAddress(address);
      const begunAt = performance.now();
      const reason = await withDeadline(CONNECT_MS, (signal) => reach(address, signal)).catch(reasonOf);
      if (reason !== undefined) return [{ host, reason }];
      log.info({ host, ms: Math.round(performance.now() - begunAt) }, `startup_netcheck host=${host} reachable`);
      return [];
    }),
  );
  if (outcomes.flat().length > 0) throw new NetcheckError(outcomes.flat());
}

function reach({ host, port }: ListenAddress, signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port });
    const giveUp = () => socket.destroy(signal.reason as Error);
    signal.addEventListener('abort', giveUp, { once: true });
    socket.once('close', () => signal.removeEventListener('abort', giveUp));
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.destroy();
      resolve(undefined);
    });
  });
}

function reasonOf(error: unknown): string {
  if (error instanceof TimedOut) return 'no answer within 5s';
  return error instanceof Error ? error.message : String(error);
}

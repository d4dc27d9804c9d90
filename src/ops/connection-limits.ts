import { closeSync, openSync, readFileSync } from 'node:fs';
import type { Server } from 'node:http';
import type { Logger } from 'pino';
import type { DegradeFlag } from '../observe/degrade-flags.js';
import type { Observation } from '../observe/observe.module.js';

const LOOK_MS = 1_000;
/** Files, upstreams, Redis and the listeners: what a process has open beside the connections of its clients. */
const OTHER_DESCRIPTORS = 200;
const MAX_OPEN_FILES = /^Max open files +(\d+)/m;

/**
 * Reports that clients are kept out: connections above GATEWAY_MAX_CONNECTIONS, and a process without file descriptors.
 * In either case the connection is closed below Node, which says nothing of the second: libuv accepts and closes by itself.
 */
export class ConnectionLimits {
  private readonly full: DegradeFlag;
  private readonly exhausted: DegradeFlag;
  private refused = 0;
  private timer: NodeJS.Timeout | undefined;
  /** Read at start: it cannot be read once it is reached. */
  private readonly openFiles = openFilesLimit();

  constructor(private readonly observation: Pick<Observation, 'degradeFlags' | 'metrics'>) {
    const { degradeFlags } = observation;
    this.full = degradeFlags.flag({
      component: 'connections',
      cause: 'limit',
      area: 'gateway',
      degraded: 'connections of clients refused',
      recovered: 'connections of clients accepted again',
    });
    this.exhausted = degradeFlags.flag({
      component: 'file_descriptors',
      cause: 'exhausted',
      area: 'gateway',
      degraded: 'no file descriptors left',
      recovered: 'file descriptors available again',
    });
  }

  /** Looks after a server from now on. */
  watch(server: Server): void {
    server.on('drop', () => {
      this.refused += 1;
      this.observation.metrics.connectionsRefused.inc({ reason: 'limit' });
      this.full.raise(`${server.maxConnections} connections are open (GATEWAY_MAX_CONNECTIONS)`);
    });
    this.timer ??= setInterval(() => this.look(), LOOK_MS).unref();
  }

  close(): void {
    clearInterval(this.timer);
  }

  private look(): void {
    if (this.refused === 0) this.full.lower();
    this.refused = 0;
    const code = openError();
    if (code !== 'EMFILE' && code !== 'ENFILE') return this.exhausted.lower();
    this.observation.metrics.connectionsRefused.inc({ reason: 'file_descriptors' });
    this.exhausted.raise(`${code}: ${this.openFiles} files may be open (ulimit -n)`);
  }
}

/** Writes a warning when the process may open fewer files than the connections that it is to hold. */
export function warnOfOpenFiles(maxConnections: number, log: Logger): void {
  const limit = openFilesLimit();
  const needed = maxConnections + OTHER_DESCRIPTORS;
  if (limit >= needed) return;
  log.warn(
    {
      limit,
      needed,
      setting: 'GATEWAY_MAX_CONNECTIONS',
      hint: `raise the limit (ulimit -n) to ${needed}, or lower the setting`,
    },
    'open_files_limit_low',
  );
}

/** The code of the error that opening a file ends with; undefined when it can be opened. */
function openError(): string | undefined {
  try {
    closeSync(openSync('/dev/null', 'r'));
    return undefined;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code;
  }
}

/** Infinity where the system does not say. */
function openFilesLimit(): number {
  try {
    return Number(MAX_OPEN_FILES.exec(readFileSync('/proc/self/limits', 'latin1'))?.[1] ?? Infinity);
  } catch {
    return Infinity;
  }
}

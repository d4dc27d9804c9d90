import { closeSync, openSync, readFileSync } from 'node:fs';
import type { Server } from 'node:http';
import type { Logger } from 'pino';
import type { DegradeFlag } from '../observe/degrade-flags.js';
import type { Observation } from '../observe/observe.module.js';

const LOOK_MS = 1_000;
/** File descriptors of a process in addition to client connections: files, upstreams, Redis and the listeners. */
const OTHER_DESCRIPTORS = 200;
const MAX_OPEN_FILES = /^Max open files +(\d+)/m;

/**
 * Reports rejected connections: those above GATEWAY_MAX_CONNECTIONS, and those of a process without file descriptors.
 * The latter are closed below Node, which does not report them: libuv accepts and closes them itself.
 */
export class ConnectionLimits {
  private readonly full: DegradeFlag;
  private readonly exhausted: DegradeFlag;
  private refused = 0;
  private timer: NodeJS.Timeout | undefined;
  /** Read at startup, since it cannot be read once it is reached. */
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

  /** Starts to observe a server. */
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

/** Logs a warning when the limit of open files is below the maximum number of connections. */
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

/** Returns the error code of opening a file; undefined when it can be opened. */
function openError(): string | undefined {
  try {
    closeSync(openSync('/dev/null', 'r'));
    return undefined;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code;
  }
}

/** Returns the limit of open files; Infinity if the system does not report it. */
function openFilesLimit(): number {
  try {
    return Number(MAX_OPEN_FILES.exec(readFileSync('/proc/self/limits', 'latin1'))?.[1] ?? Infinity);
  } catch {
    return Infinity;
  }
}

import { getHeapStatistics } from 'node:v8';
import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import type { Logger } from 'pino';
import { type DegradeFlag, DegradeFlags } from '../observe/degrade-flags.js';
import { GATEWAY_LOGGER, type GatewayLogger } from '../observe/logger.js';
import { memoryLimit, residentMemory } from '../observe/process-metrics.js';

const LOOK_MS = 5_000;
/**
 * Share of the limit above which the kernel may end the process at any moment, and the share below which it is safe
 * again.
 */
const RISKY = 0.9;
const SAFE = 0.85;
const MIB = 1_048_576;

/** Memory of this process, in bytes. */
export interface MemoryUse {
  readonly used: number;
  readonly limit: number;
}

/** Warns (`oom_risk`) before the kernel ends the process for lack of memory, which would leave only exit code 137. */
@Injectable()
export class MemoryWatch implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly flag: DegradeFlag;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    flags: DegradeFlags,
    @Inject(GATEWAY_LOGGER) private readonly logger: GatewayLogger,
  ) {
    this.flag = flags.flag({
      component: 'memory',
      cause: 'oom_risk',
      area: 'gateway',
      degraded: 'memory almost used up',
      recovered: 'memory within its limit again',
    });
  }

  onApplicationBootstrap(): void {
    warnOfHeapLimit(this.logger.events);
    this.timer = setInterval(() => this.lookAtProcess(), LOOK_MS).unref();
  }

  onApplicationShutdown(): void {
    clearInterval(this.timer);
  }

  private lookAtProcess(): void {
    const used = residentMemory();
    if (used !== undefined) this.look({ used, limit: memoryLimit() });
  }

  look({ used, limit }: MemoryUse): void {
    const share = used / limit;
    if (share >= RISKY) {
      this.flag.raise(`oom_risk: ${mebibytes(used)} in use of ${mebibytes(limit)} (${Math.floor(share * 100)} %)`);
    } else if (share < SAFE) this.flag.lower();
  }
}

/** Logs a warning when the heap limit exceeds the memory of the process: the kernel would end it first. */
export function warnOfHeapLimit(log: Logger, limit = memoryLimit(), heap = getHeapStatistics().heap_size_limit): void {
  if (heap < limit) return;
  const hint = 'lower --max-old-space-size-percentage in NODE_OPTIONS, or raise the memory limit of the container';
  log.warn({ heap_limit_bytes: heap, memory_limit_bytes: limit, hint }, 'heap_limit_above_memory_limit');
}

function mebibytes(bytes: number): string {
  return `${Math.round(bytes / MIB)} MiB`;
}

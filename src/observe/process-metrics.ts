import { totalmem } from 'node:os';
import { performance } from 'node:perf_hooks';
import { getHeapStatistics } from 'node:v8';
import { Counter, Gauge, type Registry } from 'prom-client';

/**
 * Returns the memory that this process may use, in bytes: the limit of its cgroup (v1 or v2), or the memory of the
 * machine.
 */
export function memoryLimit(): number {
  const limit = process.constrainedMemory();
  const total = totalmem();
  return limit > 0 && limit < total ? limit : total;
}

/**
 * Returns the resident memory of this process, in bytes; undefined when it cannot be read, for instance while the
 * process has no file descriptor left.
 */
export function residentMemory(): number | undefined {
  try {
    return process.memoryUsage.rss();
  } catch {
    return undefined;
  }
}

/** Registers metrics that Node's default metrics lack: limits, and the busy time of the event loop. */
export function registerProcessMetrics(registry: Registry): void {
  const registers = [registry];
  new Gauge({
    name: 'gateway_memory_limit_bytes',
    help: 'Memory that the process may use: the limit of its cgroup, or the memory of the machine.',
    registers,
    collect() {
      this.set(memoryLimit());
    },
  });
  new Gauge({
    name: 'nodejs_heap_size_limit_bytes',
    help: 'Maximum size of the JavaScript heap; the process ends when it is exceeded.',
    registers,
    collect() {
      this.set(getHeapStatistics().heap_size_limit);
    },
  });
  new Counter({
    name: 'nodejs_eventloop_busy_seconds_total',
    help: 'Time in which the event loop was busy, in seconds; its rate is the utilization, 1 means saturated.',
    registers,
    collect() {
      this.reset();
      this.inc(performance.eventLoopUtilization().active / 1000);
    },
  });
}

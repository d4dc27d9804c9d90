import { totalmem } from 'node:os';
import { performance } from 'node:perf_hooks';
import { getHeapStatistics } from 'node:v8';
import { Counter, Gauge, type Registry } from 'prom-client';

/** Returns the memory that this process may use, in bytes: that of its cgroup (v1 or v2), or of the machine where there is no limit. */
export function memoryLimit(): number {
  const limit = process.constrainedMemory();
  const total = totalmem();
  return limit > 0 && limit < total ? limit : total;
}

/**
 * Returns the resident memory of this process, in bytes; undefined when the system cannot say, which is the case
 * while the process has no file descriptor left: reading it opens a file.
 */
export function residentMemory(): number | undefined {
  try {
    return process.memoryUsage.rss();
  } catch {
    return undefined;
  }
}

/** Registers what the default metrics of Node leave out: limits, and the busy time of the event loop. */
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
    help: 'Largest size of the JavaScript heap; beyond it the process ends.',
    registers,
    collect() {
      this.set(getHeapStatistics().heap_size_limit);
    },
  });
  new Counter({
    name: 'nodejs_eventloop_busy_seconds_total',
    help: 'Time in which the event loop did not wait for events; its rate is the utilization, 1 is saturated.',
    registers,
    collect() {
      this.reset();
      this.inc(performance.eventLoopUtilization().active / 1000);
    },
  });
}

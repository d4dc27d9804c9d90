import { monitorEventLoopDelay } from 'node:perf_hooks';
import { getHeapStatistics } from 'node:v8';
import { memoryLimit, residentMemory } from '../../observe/process-metrics.js';
import type { Pressure } from './admission.js';

const RESOLUTION_MS = 20;
const LOOK_MS = 1000;

/** Measures the load of this process: event loop, heap and memory. */
export class PressureSensor {
  private readonly delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  private readonly memoryLimit = memoryLimit();
  private memory = 0;
  private lookedAt = performance.now();
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly intervalMs = LOOK_MS) {}

  start(onLook: (pressure: Pressure) => void): void {
    this.delay.enable();
    this.timer = setInterval(() => onLook(this.look()), this.intervalMs).unref();
  }

  stop(): void {
    clearInterval(this.timer);
    this.delay.disable();
  }

  private look(): Pressure {
    const eventLoopDelayMs = Math.max(this.delay.percentile(90) / 1e6 - RESOLUTION_MS, 0);
    this.delay.reset();
    const { used_heap_size: used, heap_size_limit: limit } = getHeapStatistics();
    this.memory = residentMemory() ?? this.memory;
    const memoryPercent = (this.memory / this.memoryLimit) * 100;
    const now = performance.now();
    const sinceLastMs = now - this.lookedAt;
    this.lookedAt = now;
    return { eventLoopDelayMs, heapPercent: (used / limit) * 100, memoryPercent, sinceLastMs };
  }
}

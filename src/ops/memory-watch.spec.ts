import { describe, expect, it, vi } from 'vitest';
import { pino } from 'pino';
import { DegradeFlags } from '../observe/degrade-flags.js';
import type { GatewayLogger } from '../observe/logger.js';
import { GatewayMetrics } from '../observe/metrics.js';
import { MemoryWatch, warnOfHeapLimit } from './memory-watch.js';

const MIB = 2 ** 20;

describe('MemoryWatch', () => {
  it('warns once of oom_risk at 90 % of the limit, and says when it is over', () => {
    const lines: Record<string, unknown>[] = [];
    const events = pino(
      { base: {} },
      { write: (line) => void lines.push(JSON.parse(line) as Record<string, unknown>) },
    );
    const metrics = new GatewayMetrics({ inFlight: new Set(), droppedLines: () => 0 });
    const watch = new MemoryWatch(new DegradeFlags(metrics, events, { holdMs: 0 }), { events } as GatewayLogger);
    const look = (used: number) => watch.look({ used: used * MIB, limit: 1000 * MIB });
    look(890);
    expect(lines).toEqual([]);
    for (const used of [900, 950, 880, 860]) look(used);
    expect(lines).toMatchObject([{ cause: 'oom_risk', reason: 'oom_risk: 900 MiB in use of 1000 MiB (90 %)' }]);
    look(840);
    expect(lines[1]).toMatchObject({ msg: 'recovered component=memory' });
  });
});

describe('the limit of the heap', () => {
  it('is warned of where the memory of the container is smaller', () => {
    const warn = vi.fn<(fields: object, message: string) => void>();
    const log = { warn } as never;
    warnOfHeapLimit(log, 1000 * MIB, 650 * MIB);
    expect(warn).not.toHaveBeenCalled();
    warnOfHeapLimit(log, 512 * MIB, 2048 * MIB);
    expect(warn.mock.calls[0]?.[1]).toBe('heap_limit_above_memory_limit');
  });
});

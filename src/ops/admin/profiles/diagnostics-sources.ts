import type { INestApplicationContext } from '@nestjs/common';
import type { BoundedMetrics } from '../../../observe/bounded-metrics.js';
import type { Observation } from '../../../observe/observe.module.js';
import type { UpstreamLoad } from '../../../observe/protection-metrics.js';
import type { WaitTotals } from '../../../observe/wait-profile.js';
import { Protection } from '../../../traffic/protection.js';
import type { DiagnosticsSources, Queue } from './diagnostics.js';

/** Returns the data that the diagnostics of an application read. */
export function diagnosticsOf(
  app: INestApplicationContext,
  { inFlight, waits, metrics }: Pick<Observation, 'inFlight' | 'waits' | 'metrics'>,
): DiagnosticsSources {
  const protection = app.get(Protection);
  return {
    inFlight,
    waits: () => [...waits.totals(), ...flightWaits(metrics.bounded)],
    queues: () => permitQueues(protection.loads()),
  };
}

/** Lists waits for work that another request began; their routes are not recorded. */
function flightWaits(bounded: Pick<BoundedMetrics, 'flightReports'>): WaitTotals[] {
  const reports = bounded.flightReports().filter(([, { count }]) => count > 0);
  return reports.map(([of, { count, totalMs, maxMs }]) => ({
    kind: 'single flight',
    of,
    route: '',
    count,
    totalMs,
    maxMs,
  }));
}

/** Lists the calls that wait for a permit of an upstream as queues. */
function* permitQueues(loads: Iterable<UpstreamLoad>): Generator<Queue> {
  for (const { upstream, inFlight, capacity, queued } of loads) {
    yield { name: `permits of ${upstream}`, inUse: inFlight, capacity, waiting: queued };
  }
}

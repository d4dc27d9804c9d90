import type { INestApplicationContext } from '@nestjs/common';
import type { Observation } from '../../../observe/observe.module.js';
import type { UpstreamLoad } from '../../../observe/protection-metrics.js';
import { Protection } from '../../../traffic/protection.js';
import type { DiagnosticsSources, Queue } from './diagnostics.js';

/** Returns what the diagnostics of an application read. */
export function diagnosticsOf(
  app: INestApplicationContext,
  { inFlight, waits }: Pick<Observation, 'inFlight' | 'waits'>,
): DiagnosticsSources {
  const protection = app.get(Protection);
  return { inFlight, waits, queues: () => permitQueues(protection.loads()) };
}

/** Shows the calls that wait for a permit of an upstream as queues. */
function* permitQueues(loads: Iterable<UpstreamLoad>): Generator<Queue> {
  for (const { upstream, inFlight, capacity, queued } of loads) {
    yield { name: `permits of ${upstream}`, inUse: inFlight, capacity, waiting: queued };
  }
}

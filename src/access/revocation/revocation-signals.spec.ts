import { pino } from 'pino';
import { expect, it } from 'vitest';
import { DegradeFlags } from '../../observe/degrade-flags.js';
import { GatewayMetrics } from '../../observe/metrics.js';
import { RevocationSignals } from './revocation-signals.js';

it.each([
  ['the time from the store to this instance, in seconds', 250, 0.25],
  ['no time', 0, 0],
  ["0 for an entry from the future by this instance's clock", -250, 0],
])('the propagation of a revocation is observed as %s', async (_, ms, seconds) => {
  const metrics = new GatewayMetrics({ inFlight: new Set(), droppedLines: () => 0 });
  const log = pino({ enabled: false });
  new RevocationSignals(new DegradeFlags(metrics, log, { holdMs: 0 }), metrics.revocation, log).propagated(ms);
  const { values } = await metrics.revocation.propagation.get();
  const valueOf = (name: string) =>
    values.find(({ metricName }) => metricName === `gateway_revocation_propagation_seconds_${name}`)?.value;
  expect([valueOf('count'), valueOf('sum')]).toEqual([1, seconds]);
});

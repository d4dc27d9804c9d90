import type { SoakTestbed } from '../testbed.js';
import { atMost, noted, rounded, type Finding, type Scenario } from '../scenario.js';
import { slopePerMinute } from '../slope.js';
import { describeStatuses } from '../steady-load.js';
import { mixedTraffic } from './memory.js';

const TENANTS = 10_000;
const MIB_PER_TEN_MINUTES = 1;
const HANDLES = 10;

async function run(testbed: SoakTestbed, seconds: number): Promise<Finding[]> {
  const gateway = await testbed.gateway();
  const ids = Array.from({ length: TENANTS }, (_, n) => `soak-${n}`);
  const tokens = await testbed.environment.tokens({ user: 'alice@acme.test', lifeSeconds: seconds + 3_600 }, ids);
  const handles = async () => (await gateway.metrics()).sum('nodejs_active_handles_total');
  const handlesBefore = await handles();
  const { readings, loads } = await mixedTraffic(gateway, tokens, seconds);
  const secondHalf = readings.slice(readings.length / 2);
  return [
    atMost('slope of the heap, second half', 10 * slopePerMinute(secondHalf), MIB_PER_TEN_MINUTES, 'MiB/10 min'),
    noted('heap after collections', `${readings.map(({ value }) => rounded(value)).join(', ')} MiB`),
    atMost('growth of active handles', (await handles()) - handlesBefore, HANDLES),
    noted('RSS', `${gateway.rssMib.toFixed(0)} MiB`),
    noted('answers in the last tenth', loads.slice(-1).map(describeStatuses).join('')),
  ];
}

/** An hour of mixed traffic: after the caches are full, nothing grows. */
export const manyTenants: Scenario = {
  name: 'many-tenants',
  title: `mixed requests of ${TENANTS} tenants for an hour`,
  seconds: 3_600,
  graceSeconds: 240,
  run,
};

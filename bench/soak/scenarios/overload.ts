import type { SoakTestbed, SoakGateway } from '../testbed.js';
import { median } from '../../harness/statistics.js';
import { startNeighbour } from '../neighbour.js';
import { atLeast, atMost, exactly, noted, rounded, type Finding, type Scenario } from '../scenario.js';
import { countOf, describeStatuses, steadyLoad, type LoadFigures, type SeenAnswer, type Shot } from '../steady-load.js';

const LANES = 32;
const STEP = 3;
/** Of its core, so that the other one can offer more than it can answer. */
const NEIGHBOURS = 3;
/** A step below this does not overload the gateway. */
const LEAST_STEP = 2.5;
const GOODPUT = 0.8;
const RECOVERY_SECONDS = 10;
const RSS_MIB = 512;
const AFTERWARDS = 0.5;

/** Requests answered per second when each of so many senders waits for its answer. */
async function capacityOf(shot: () => Shot, seconds: number): Promise<number> {
  const { url, headers } = shot();
  const end = performance.now() + seconds * 1000;
  let answered = 0;
  const lane = async () => {
    while (performance.now() < end) {
      const response = await fetch(url, { headers });
      await response.arrayBuffer();
      if (response.ok) answered += 1;
    }
  };
  const startedAt = performance.now();
  await Promise.all(Array.from({ length: LANES }, lane));
  return answered / ((performance.now() - startedAt) / 1000);
}

interface Told {
  readonly figures: LoadFigures;
  readonly seconds: number;
  readonly answers: readonly SeenAnswer[];
}

async function send(rate: number, seconds: number, shot: () => Shot): Promise<Told> {
  const answers: SeenAnswer[] = [];
  const figures = await steadyLoad({ rate, seconds, shot, maxOpen: 5_000, onAnswer: (each) => answers.push(each) });
  return { figures, seconds, answers };
}

/** Seconds until the last request that was not answered 200, by the number that it had. */
function recoveredAfter({ answers }: Told, rate: number): number {
  const failed = answers.filter(({ status }) => status !== 200).map(({ index }) => index + 1);
  return Math.max(0, ...failed) / rate;
}

function findings(capacity: number, step: Told, after: Told, gateway: SoakGateway): Finding[] {
  const refused = step.answers.filter(({ status }) => status === 503);
  const served = countOf(step.figures, 200);
  return [
    noted('capacity, in a closed loop', `${capacity.toFixed(0)} requests/s`),
    atLeast('requests offered, × capacity', step.figures.sent / step.seconds / capacity, LEAST_STEP),
    atLeast('requests answered 200, × capacity', served / step.seconds / capacity, GOODPUT),
    exactly('answers neither 200 nor 503', step.figures.sent - served - refused.length, 0),
    exactly('refusals without Retry-After', refused.filter(({ retryAfter }) => retryAfter === undefined).length, 0),
    noted('answers', describeStatuses(step.figures)),
    noted('median time of a refusal', `${rounded(median(refused.map(({ ms }) => ms)))} ms`),
    atMost('last failure after the step', recoveredAfter(after, capacity * AFTERWARDS), RECOVERY_SECONDS, 's'),
    noted(`answers after it, at ${AFTERWARDS} × capacity`, describeStatuses(after.figures)),
    atMost('RSS', gateway.rssMib, RSS_MIB, 'MiB'),
  ];
}

async function run(testbed: SoakTestbed, seconds: number): Promise<Finding[]> {
  const gateway = await testbed.gateway({ GATEWAY_TENANT_SHARE_PERCENT: '100' });
  const headers = { authorization: `Bearer ${await testbed.environment.token('alice@acme.test')}` };
  const shot = () => ({ url: `${gateway.url}/api/v1/users`, headers });
  for (let count = 0; count < NEIGHBOURS; count += 1) startNeighbour(testbed);
  await capacityOf(shot, 5);
  const capacity = await capacityOf(shot, Math.max(seconds / 4, 3));
  const step = await send(capacity * STEP, seconds / 2, shot);
  const after = await send(capacity * AFTERWARDS, RECOVERY_SECONDS + seconds / 4, shot);
  return findings(capacity, step, after, gateway);
}

/** Three times the requests that it can answer: it answers those that it can, and tells the others when to come back. */
export const overload: Scenario = {
  name: 'overload',
  title: `a gateway with a quarter of a core: an open loop at ${STEP} × the capacity, then at ${AFTERWARDS} ×`,
  seconds: 60,
  graceSeconds: 120,
  run,
};

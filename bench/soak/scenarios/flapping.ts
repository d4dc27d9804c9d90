import { setTimeout as pause } from 'node:timers/promises';
import { eventually, UNHURRIED, type SoakTestbed, type SoakGateway } from '../testbed.js';
import { atLeast, atMost, exactly, noted, rounded, type Finding, type Scenario } from '../scenario.js';
import { countOf, describeStatuses, steadyLoad, type LoadFigures } from '../steady-load.js';

const RATE = 100;
const PHASE_SECONDS = 10;
/** Up and down at least so often, however short the load. */
const CYCLES = 3;
/** A circuit is open for so many phases at first: 30 s of phases of 10 s, the default. */
const OPEN_PHASES = 3;
/** At the default, 60 %, a backend that is away for half of the time would not open it. */
const ERROR_PERCENT = '30';
const JITTER = 0.9;
const STRETCHES = 4;
const HEAP_MIB = 4;
const HANDLES = 4;
const SETTLED_WITHIN_SECONDS = 30;

/** What is in use while nobody asks for anything. */
interface Rest {
  readonly heapMib: number;
  readonly handles: number;
}

async function rest(gateway: SoakGateway): Promise<Rest> {
  await eventually(async () => (await gateway.requestsInFlight()) === 0, SETTLED_WITHIN_SECONDS);
  const heapMib = await gateway.heapMib();
  return { heapMib, handles: (await gateway.metrics()).sum('nodejs_active_handles_total') };
}

/** Up first; leaves the backend up. */
async function flap({ environment }: SoakTestbed, phaseSeconds: number, isOver: () => boolean): Promise<number> {
  let downs = 0;
  for (let isUp = true; !isOver(); isUp = !isUp) {
    await environment.setFault('user', { mode: isUp ? 'none' : 'down' });
    if (!isUp) downs += 1;
    await pause(phaseSeconds * 1000);
  }
  await environment.setFault('user', { mode: 'none' });
  return downs;
}

async function stretches(testbed: SoakTestbed, gateway: SoakGateway, seconds: number) {
  const headers = { authorization: `Bearer ${await testbed.environment.token('alice@acme.test')}` };
  const shot = () => ({ url: `${gateway.url}/api/v1/users`, headers });
  const loads: LoadFigures[] = [];
  const rests: Rest[] = [];
  for (let stretch = 0; stretch < STRETCHES; stretch += 1) {
    loads.push(await steadyLoad({ rate: RATE, seconds: seconds / STRETCHES, shot }));
    rests.push(await rest(gateway));
  }
  return { loads, rests };
}

const sumOf = (values: readonly number[]) => values.reduce((sum, each) => sum + each, 0);

function growth(rests: readonly Rest[]): Finding[] {
  const grown = (of: (rest: Rest) => number) => {
    const [, early = Number.NaN] = rests.map(of);
    return Math.max(...rests.slice(2).map(of)) - early;
  };
  return [
    atMost(
      'growth of the heap after collections, second half',
      grown(({ heapMib }) => heapMib),
      HEAP_MIB,
      'MiB',
    ),
    atMost(
      'growth of active handles, second half',
      grown(({ handles }) => handles),
      HANDLES,
    ),
    noted('heap after collections', `${rests.map(({ heapMib }) => rounded(heapMib)).join(', ')} MiB`),
    noted('active handles', rests.map(({ handles }) => handles).join(', ')),
  ];
}

async function run(testbed: SoakTestbed, seconds: number): Promise<Finding[]> {
  const phase = Math.min(PHASE_SECONDS, seconds / (2 * CYCLES));
  const open = phase * OPEN_PHASES;
  const gateway = await testbed.gateway({
    ...UNHURRIED,
    GATEWAY_CIRCUIT_OPEN: `${Math.round(open * 1000)}ms`,
    GATEWAY_CIRCUIT_ERROR_PERCENT: ERROR_PERCENT,
  });
  const startedAt = performance.now();
  let isOver = false;
  const flapping = flap(testbed, phase, () => isOver);
  const { loads, rests } = await stretches(testbed, gateway, seconds);
  isOver = true;
  const downs = await flapping;
  const lasted = (performance.now() - startedAt) / 1000;
  const opened = (await gateway.metrics()).sum('gateway_circuit_transitions_total', 'upstream="user",to="open"');
  return [
    atLeast('times that the circuit opened at least', opened, 1),
    atMost('times that the circuit opened', opened, Math.floor(lasted / (open * JITTER)) + 1),
    noted('times that the backend went down, each for', `${downs}, ${rounded(phase)} s`),
    exactly(
      'requests answered with 200 or 503',
      sumOf(loads.map((each) => countOf(each, 200) + countOf(each, 503))),
      sumOf(loads.map(({ sent }) => sent)),
    ),
    noted('answers, by stretch', loads.map(describeStatuses).join('; ')),
    ...growth(rests),
  ];
}

/** A backend that comes and goes: neither the circuit nor memory follows every beat. */
export const flapping: Scenario = {
  name: 'flapping',
  title: `${RATE} requests/s to a backend that is up and down in turns of ${PHASE_SECONDS} s`,
  seconds: 600,
  graceSeconds: 150,
  run,
};

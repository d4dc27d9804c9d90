import type { SoakTestbed, SoakGateway } from '../testbed.js';
import { startNeighbour } from '../neighbour.js';
import { atMost, exactly, noted, type Finding, type Scenario } from '../scenario.js';
import { countOf, describeStatuses, steadyLoad, type SeenAnswer } from '../steady-load.js';

const RATE = 20;
/** As a quota of half a CPU does: of each period of 100 ms the second half is not the gateway's. */
const [PERIOD_MS, PAUSED_MS] = [100, 50];
const DEADLINE_MS = 1_000;
/** A pause and its end may lie between a deadline and its answer. */
const LATE_MS = 100 + PERIOD_MS;
const DEADLINE_RATE = 2;
const LIVEZ_RATE = 5;
const LIVEZ_MS = 1_000;
/** Pauses the gateway in each period. Returns what ends that. */
function throttle(gateway: SoakGateway): () => void {
  let resume: NodeJS.Timeout | undefined;
  const period = setInterval(() => {
    gateway.pause();
    resume = setTimeout(() => gateway.resume(), PAUSED_MS);
  }, PERIOD_MS);
  return () => {
    clearInterval(period);
    clearTimeout(resume);
    gateway.resume();
  };
}

async function load(gateway: SoakGateway, token: string, seconds: number) {
  const authorization = `Bearer ${token}`;
  const timed: SeenAnswer[] = [];
  const [users, late, livez] = await Promise.all([
    steadyLoad({
      rate: RATE,
      seconds,
      shot: () => ({ url: `${gateway.url}/api/v1/users`, headers: { authorization } }),
    }),
    steadyLoad({
      rate: DEADLINE_RATE,
      seconds,
      onAnswer: (answer) => timed.push(answer),
      shot: () => ({
        url: `${gateway.url}/api/v1/ai`,
        method: 'POST',
        headers: { authorization, 'content-type': 'application/json', 'x-request-timeout': `${DEADLINE_MS}ms` },
        body: '{"query":"slow 20000ms"}',
      }),
    }),
    steadyLoad({ rate: LIVEZ_RATE, seconds, shot: () => ({ url: `${gateway.url}/livez`, headers: {} }) }),
  ]);
  return { users, late, livez, times: timed.map(({ ms }) => ms).toSorted((a, b) => a - b) };
}

async function run(testbed: SoakTestbed, seconds: number): Promise<Finding[]> {
  const gateway = await testbed.gateway({ GATEWAY_SHED_DELAY: '0s' });
  const token = await testbed.environment.token('alice@acme.test');
  await load(gateway, token, 3);
  const before = await gateway.metrics();
  startNeighbour(testbed);
  const release = throttle(gateway);
  testbed.onClose(release);
  const { users, late, livez, times } = await load(gateway, token, seconds);
  release();
  const after = await gateway.metrics();
  const since = (name: string, part = '') => (after.sum(name, part) || 0) - (before.sum(name, part) || 0);
  return [
    exactly('good requests answered 200', countOf(users, 200), users.sent),
    noted('answers to good requests', describeStatuses(users)),
    noted('p50, p99 of good requests', `${users.p50Ms.toFixed(0)} ms, ${users.p99Ms.toFixed(0)} ms`),
    atMost(
      'median time beyond the deadline of a request that meets none',
      (times[times.length >> 1] ?? Number.NaN) - DEADLINE_MS,
      LATE_MS,
      'ms',
    ),
    noted('answers at the deadline', describeStatuses(late)),
    exactly('/livez answered 200', countOf(livez, 200), livez.sent),
    atMost('p99 of /livez', livez.p99Ms, LIVEZ_MS, 'ms'),
    exactly('circuits opened for user', since('gateway_circuit_transitions_total', 'upstream="user",to="open"'), 0),
    exactly('addresses ejected', since('upstream_grpc_ejections_total'), 0),
    exactly('connections lost', since('upstream_grpc_connection_failures_total'), 0),
    exactly('degradations told', after.sum('gateway_degraded') || 0, 0),
  ];
}

/** Half a CPU, shared with a neighbour that takes all it gets: late, but nobody else is blamed for it. */
export const cpuLimit: Scenario = {
  name: 'cpu-limit',
  title: `${RATE} requests/s to a gateway that is stopped for ${PAUSED_MS} of each ${PERIOD_MS} ms and has a busy neighbour on its core`,
  seconds: 60,
  graceSeconds: 90,
  run,
};

import { join } from 'node:path';
import type { SoakTestbed, SoakGateway } from '../testbed.js';
import type { CheapFigures } from '../cheap-load.js';
import { sendCheaply } from '../elsewhere.js';
import { startNeighbour } from '../neighbour.js';
import { startQuickBackend } from '../quick-backend.js';
import { atLeast, atMost, exactly, noted, rounded, type Finding, type Scenario } from '../scenario.js';
import { countOf, describeStatuses, steadyLoad } from '../steady-load.js';

const LANES = 64;
const STEP = 3;
/** Processes that use the gateway's core too, so that the other core can offer more than the gateway can answer. */
const NEIGHBOURS = 1;
/** Connections, as many as a load balancer would have. */
const CONNECTIONS = 2_000;
/** A step below this does not overload the gateway. */
const LEAST_STEP = 2.5;
const GOODPUT = 0.8;
const RECOVERY_SECONDS = 10;
const RSS_MIB = 512;
/** Heap that the image allows in a container of that size. */
const NODE_OPTIONS = `--max-old-space-size=${Math.floor(RSS_MIB * 0.65)}`;
const AFTERWARDS = 0.5;
const LIVEZ_RATE = 5;
const LIVEZ_MS = 1_000;

type Send = (rate: number | undefined, seconds: number, connections: number) => Promise<CheapFigures>;

async function prepare(testbed: SoakTestbed): Promise<{ gateway: SoakGateway; send: Send }> {
  const backend = await startQuickBackend(testbed, join(testbed.outputPath, 'backend.log'));
  const gateway = await testbed.gateway({
    GATEWAY_TENANT_SHARE_PERCENT: '100',
    USER_SERVICE_URL: backend,
    NODE_OPTIONS,
  });
  const token = await testbed.environment.token('alice@acme.test');
  const url = `${gateway.url}/api/v1/users`;
  return {
    gateway,
    send: (rate, seconds, connections) => sendCheaply({ url, token, seconds, rate, connections }),
  };
}

function findings(capacity: number, step: CheapFigures, after: CheapFigures, gateway: SoakGateway): Finding[] {
  const refused = countOf(step, 503);
  const served = countOf(step, 200);
  return [
    noted('capacity, in a closed loop', `${capacity.toFixed(0)} requests/s`),
    noted('requests due, × capacity', rounded((step.sent + step.unsent) / step.seconds / capacity)),
    atLeast('requests sent, × capacity', step.sent / step.seconds / capacity, LEAST_STEP),
    atLeast('requests answered 200 meanwhile, × capacity', step.goodInTime / step.seconds / capacity, GOODPUT),
    exactly('answers neither 200 nor 503', step.sent - served - refused, 0),
    exactly('refusals without Retry-After', step.refusalsWithoutRetryAfter, 0),
    noted('answers', describeStatuses(step)),
    noted('p50, p99 of those answered 200', `${rounded(step.p50Ms)} ms, ${rounded(step.p99Ms)} ms`),
    noted('median time of a refusal', `${rounded(step.refusalP50Ms)} ms`),
    atMost('last failure after the step', after.lastFailureAt, RECOVERY_SECONDS, 's'),
    noted(`answers after it, at ${AFTERWARDS} × capacity`, describeStatuses(after)),
    atMost('RSS', gateway.rssMib, RSS_MIB, 'MiB'),
  ];
}

async function run(testbed: SoakTestbed, seconds: number): Promise<Finding[]> {
  const { gateway, send } = await prepare(testbed);
  for (let count = 0; count < NEIGHBOURS; count += 1) startNeighbour(testbed);
  await send(undefined, 5, LANES);
  const { goodInTime, seconds: took } = await send(undefined, Math.max(seconds / 4, 3), LANES);
  const capacity = goodInTime / took;
  const livezShot = () => ({ url: `${gateway.url}/livez`, headers: {} });
  const [step, livez] = await Promise.all([
    send(capacity * STEP, seconds / 2, CONNECTIONS),
    steadyLoad({ rate: LIVEZ_RATE, seconds: seconds / 2, shot: livezShot }),
  ]);
  const after = await send(capacity * AFTERWARDS, RECOVERY_SECONDS + seconds / 4, CONNECTIONS);
  return [
    ...findings(capacity, step, after, gateway),
    exactly('/livez answered 200', countOf(livez, 200), livez.sent),
    atMost('p99 of /livez', livez.p99Ms, LIVEZ_MS, 'ms'),
  ];
}

/** Three times the requests that it can answer: it answers those that it can, and tells the others when to come back. */
export const overload: Scenario = {
  name: 'overload',
  title: `a gateway with half a core: an open loop at ${STEP} × the capacity over ${CONNECTIONS} connections, then at ${AFTERWARDS} ×`,
  seconds: 60,
  graceSeconds: 120,
  run,
};

import { UNHURRIED, type SoakTestbed } from '../testbed.js';
import { atLeast, exactly, noted, type Finding, type Scenario } from '../scenario.js';
import { countOf, describeStatuses, steadyLoad } from '../steady-load.js';

const RATE = 200;
const AGE_SECONDS = 5;
/** The backends end a connection at an age that differs by a tenth either way. */
const LONGEST_AGE_SECONDS = AGE_SECONDS * 1.1;

async function run(testbed: SoakTestbed, seconds: number): Promise<Finding[]> {
  const gateway = await testbed.gateway(UNHURRIED);
  const port = Number((await testbed.environment.env())['USER_SERVICE_URL']?.split(':').at(-1));
  const headers = { authorization: `Bearer ${await testbed.environment.token('alice@acme.test')}` };
  const startedAt = Date.now();
  const figures = await steadyLoad({
    rate: RATE,
    seconds,
    shot: () => ({ url: `${gateway.url}/api/v1/users`, headers }),
  });
  const lost = (await gateway.metrics()).sum('upstream_grpc_connection_failures_total', 'upstream="user"') || 0;
  return [
    exactly('requests answered 200', countOf(figures, 200), figures.sent),
    noted('answers', describeStatuses(figures)),
    exactly('attempts that failed for want of a connection', lost, 0),
    atLeast(
      'connections that took the place of an old one',
      gateway.connectsTo(port, startedAt).length,
      Math.floor(seconds / LONGEST_AGE_SECONDS),
    ),
    noted('p50, p99', `${figures.p50Ms.toFixed(1)} ms, ${figures.p99Ms.toFixed(1)} ms`),
  ];
}

/** Backends that end each connection at some age (GOAWAY) are not felt. */
export const connectionAge: Scenario = {
  name: 'connection-age',
  title: `${RATE} requests/s to a backend that asks for each connection to be ended after ${AGE_SECONDS} s`,
  seconds: 300,
  graceSeconds: 90,
  environment: { maxConnectionAgeMs: AGE_SECONDS * 1000 },
  run,
};

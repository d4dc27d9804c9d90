import { atMost, exactly, noted, type Finding, type Scenario } from '../scenario.js';
import type { SoakTestbed } from '../testbed.js';
import { countOf, describeStatuses, steadyLoad } from '../steady-load.js';

const LENGTH = 15_000;
const RATE = 50;
const P99_MS = 50;
const LONGEST_QUIET_SECONDS = 20;

/** Values that a careless parser reads again and again. */
const VALUES = [
  'Bearer'.padEnd(LENGTH, 'x'),
  'Bearer'.padEnd(LENGTH, ' '),
  `Bearer ${'a.'.repeat(LENGTH / 2)}`,
  `Bearer ${'eyJ'.padEnd(LENGTH, 'A')}.e30.x`,
  'Basic '.padEnd(LENGTH, '='),
  ', '.repeat(LENGTH / 2),
];

async function run(testbed: SoakTestbed, seconds: number): Promise<Finding[]> {
  const gateway = await testbed.gateway({ GATEWAY_MAX_HEADER_BYTES: '16KiB' });
  const url = `${gateway.url}/api/v1/users`;
  const good = { authorization: `Bearer ${await testbed.environment.token('alice@acme.test')}` };
  const alone = (length: number) => steadyLoad({ rate: RATE, seconds: length, shot: () => ({ url, headers: good }) });
  await alone(3);
  const quiet = await alone(Math.min(seconds, LONGEST_QUIET_SECONDS));
  await gateway.metrics();
  const [users, attackers] = await Promise.all([
    alone(seconds),
    steadyLoad({
      rate: RATE,
      seconds,
      shot: (index) => ({ url, headers: { authorization: VALUES[index % VALUES.length] as string } }),
    }),
  ]);
  const lagMs = (await gateway.metrics()).sum('nodejs_eventloop_lag_p99_seconds') * 1000;
  return [
    atMost('p99 of good requests', users.p99Ms, P99_MS, 'ms'),
    atMost('event loop lag of the gateway, p99', lagMs, P99_MS, 'ms'),
    exactly('good requests answered 200', countOf(users, 200), users.sent),
    exactly('oversized requests answered 401', countOf(attackers, 401), attackers.sent),
    noted('p50 of good requests', `${users.p50Ms.toFixed(1)} ms`),
    noted('p50 and p99 of good requests alone', `${quiet.p50Ms.toFixed(1)} ms, ${quiet.p99Ms.toFixed(1)} ms`),
    noted('answers to oversized requests', describeStatuses(attackers)),
  ];
}

/** Authorization values of 15 kB beside good requests. */
export const oversizedAuthorization: Scenario = {
  name: 'oversized-authorization',
  title: '50 requests/s with 15 kB of Authorization beside 50 good ones a second (GATEWAY_MAX_HEADER_BYTES=16KiB)',
  seconds: 60,
  graceSeconds: 90,
  run,
};

import type { SoakTestbed, SoakGateway } from '../testbed.js';
import { atMost, noted, rounded, type Finding, type Scenario } from '../scenario.js';
import { slopePerMinute, type Reading } from '../slope.js';
import { describeStatuses, steadyLoad, type LoadFigures, type Shot } from '../steady-load.js';

const TENANTS = 10_000;
const RATE = 100;
/** Each tenant comes at least so often: what is kept of it is there after the first of these rounds. */
const ROUNDS = 3;
const STRETCHES = 10;
/** The stretches in which caches still fill are not asked for their slope. */
const FILLING = 5;
const MIB_PER_MINUTE = 2;

const CACHES = {
  'rate limit buckets': 'rate_limit_active_limiters',
  'auth cache entries': 'gateway_auth_cache_size',
  'auth cache bytes': 'gateway_auth_cache_bytes',
  'requests in flight': 'gateway_in_flight_requests',
  'active handles': 'nodejs_active_handles_total',
} as const;

const ai = (query: string, path: string) => ({ method: 'POST' as const, path, body: JSON.stringify({ query }) });

/** What the mixed traffic is made of, in turn. */
const KINDS: readonly { readonly path: string; readonly method?: 'POST'; readonly body?: string }[] = [
  { path: '/api/v1/users' },
  { path: '/api/v1/users?pageSize=1' },
  { path: '/api/v1/users/nobody' },
  { path: '/api/v1/me' },
  ai('slow 0ms', '/api/v1/ai'),
  ai('stream 20 tokens slow 0ms', '/api/v1/ai:stream'),
  { path: '/api/v1/nothing-here' },
];

function shotOf(gateway: SoakGateway, tokens: readonly string[], index: number): Shot {
  const { path, method = 'GET', body } = KINDS[index % KINDS.length] as (typeof KINDS)[number];
  const credential =
    index % 50 === 0
      ? { 'x-api-key': `sk-made-up-${index}` }
      : { authorization: `Bearer ${tokens[index % tokens.length]}` };
  const type = body === undefined ? {} : { 'content-type': 'application/json' };
  return {
    url: gateway.url + path,
    method,
    headers: { ...credential, ...type },
    ...(body === undefined ? {} : { body }),
  };
}

/** Sends mixed requests of all tenants in turn, and reads the heap after each tenth of the time. */
export async function mixedTraffic(gateway: SoakGateway, tokens: readonly string[], seconds: number) {
  const readings: Reading[] = [];
  const loads: LoadFigures[] = [];
  const startedAt = performance.now();
  let index = 0;
  for (let stretch = 0; stretch < STRETCHES; stretch += 1) {
    const shot = () => shotOf(gateway, tokens, index++);
    loads.push(await steadyLoad({ rate: RATE, seconds: seconds / STRETCHES, shot }));
    readings.push({ value: await gateway.heapMib(), seconds: (performance.now() - startedAt) / 1000 });
  }
  return { readings, loads };
}

async function run(testbed: SoakTestbed, seconds: number): Promise<Finding[]> {
  const gateway = await testbed.gateway();
  const ids = Array.from({ length: Math.min(TENANTS, Math.ceil((RATE * seconds) / ROUNDS)) }, (_, n) => `soak-${n}`);
  const tokens = await testbed.environment.tokens({ user: 'alice@acme.test', lifeSeconds: seconds + 3_600 }, ids);
  const heapBefore = await gateway.heapMib();
  const rssBefore = gateway.rssMib;
  const { readings, loads } = await mixedTraffic(gateway, tokens, seconds);
  const metrics = await gateway.metrics();
  const caches = Object.entries(CACHES).map(([what, name]) => noted(what, String(metrics.sum(name))));
  return [
    atMost(
      'slope of the heap after collections, second half',
      slopePerMinute(readings.slice(FILLING)),
      MIB_PER_MINUTE,
      'MiB/min',
    ),
    noted(
      'heap after collections',
      [heapBefore, ...readings.map(({ value }) => value)].map(rounded).join(', ') + ' MiB',
    ),
    noted('RSS before, after', `${rssBefore.toFixed(0)} MiB, ${gateway.rssMib.toFixed(0)} MiB`),
    noted('tenants', String(ids.length)),
    ...caches,
    noted('answers in the last stretch', loads.slice(-1).map(describeStatuses).join('')),
    atMost(
      'server errors',
      loads.reduce(
        (sum, each) =>
          sum + [...each.statuses].reduce((n, [status, count]) => (status >= 500 ? n + count : n), 0) + each.failed,
        0,
      ),
      0,
    ),
  ];
}

/** Mixed traffic of many tenants: what is kept is bounded. */
export const memory: Scenario = {
  name: 'memory',
  title: `${RATE} mixed requests/s of ${TENANTS} tenants`,
  seconds: 300,
  graceSeconds: 150,
  run,
};

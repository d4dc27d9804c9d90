import type { SoakTestbed, SoakGateway } from '../testbed.js';
import { atLeast, atMost, exactly, noted, type Finding, type Scenario } from '../scenario.js';
import { countOf, describeStatuses, steadyLoad } from '../steady-load.js';
import { MANY_STREAMS } from './slow-readers.js';

const HEAP_MIB = 128;
const RATE = 100;
const BODY_BYTES = 200_000;
/** What a pod of the manifests asks for. */
const RSS_MIB = 512;
const SAMPLE_MS = 250;
const LIVEZ_RATE = 2;
const LIVEZ_MS = 1_000;
const AFTERWARDS_SECONDS = 5;
/** Each is held for so long that the bodies under way would not fit into the heap. */
const QUERY = 'slow 8000ms '.padEnd(BODY_BYTES, 'x');

/** What it answers once the load is over. */
async function afterwards({ url }: SoakGateway, headers: Readonly<Record<string, string>>): Promise<Finding> {
  const shot = () => ({ url: `${url}/api/v1/users`, headers });
  await steadyLoad({ rate: 5, seconds: AFTERWARDS_SECONDS, shot });
  const figures = await steadyLoad({ rate: 20, seconds: AFTERWARDS_SECONDS, shot });
  return exactly('good requests answered 200 after the load', countOf(figures, 200), figures.sent);
}

/** Watches the RSS of a gateway until the result is called, which returns the largest one in MiB. */
function watchRss(testbed: SoakTestbed, gateway: SoakGateway): () => number {
  let peak = 0;
  const timer = setInterval(() => (peak = Math.max(peak, gateway.hasSurvived ? gateway.rssMib : 0)), SAMPLE_MS);
  testbed.onClose(() => clearInterval(timer));
  return () => {
    clearInterval(timer);
    return peak;
  };
}

async function run(testbed: SoakTestbed, seconds: number): Promise<Finding[]> {
  // Not for a late event loop: the heap alone is to make it shed.
  const heap = { GATEWAY_SHED_DELAY: '0s', NODE_OPTIONS: `--max-old-space-size=${HEAP_MIB}` };
  const gateway = await testbed.gateway({ ...MANY_STREAMS, ...heap });
  const headers = { authorization: `Bearer ${await testbed.environment.token('alice@acme.test')}` };
  const body = JSON.stringify({ query: QUERY });
  const type = { 'content-type': 'application/json' };
  const url = `${gateway.url}/api/v1/ai`;
  const shot = () => ({ url, method: 'POST' as const, headers: { ...headers, ...type }, body });
  const peak = watchRss(testbed, gateway);
  const [load, livez] = await Promise.all([
    steadyLoad({ rate: RATE, seconds, shot, maxOpen: 2_000 }),
    steadyLoad({ rate: LIVEZ_RATE, seconds, shot: () => ({ url: `${gateway.url}/livez`, headers: {} }) }),
  ]);
  const largestRss = peak();
  const alive = exactly('gateway alive', Number(gateway.hasSurvived), 1);
  const answers = noted('answers to the load', describeStatuses(load));
  if (!gateway.hasSurvived) return [alive, answers];
  const metrics = await gateway.metrics();
  const shedFor = (reason: string) => metrics.sum('gateway_requests_shed_total', `reason="${reason}"`) || 0;
  return [
    alive,
    atLeast('requests shed with 503', countOf(load, 503), 1),
    exactly('requests without an answer', load.failed, 0),
    answers,
    atLeast('requests refused for memory', shedFor('body_memory') + shedFor('pressure'), 1),
    noted('of these for the memory of bodies, for the heap', `${shedFor('body_memory')}, ${shedFor('pressure')}`),
    exactly('/livez answered 200', countOf(livez, 200), livez.sent),
    atMost('p99 of /livez', livez.p99Ms, LIVEZ_MS, 'ms'),
    await afterwards(gateway, headers),
    noted('heap after a collection', `${(await gateway.heapMib()).toFixed(0)} MiB`),
    atMost('largest RSS', largestRss, RSS_MIB, 'MiB'),
  ];
}

/** More in flight than its memory holds: it sheds and lives. */
export const smallMemory: Scenario = {
  name: 'small-memory',
  title: `${RATE} bodies of ${BODY_BYTES / 1000} kB a second, each held for 8 s, by a gateway with a heap of ${HEAP_MIB} MiB`,
  seconds: 30,
  graceSeconds: 120,
  run,
};

import { setTimeout as pause } from 'node:timers/promises';
import { reading } from '../ai-clients.js';
import { eventually, type SoakTestbed, type SoakGateway } from '../testbed.js';
import { atMost, exactly, noted, type Finding, type Scenario } from '../scenario.js';
import type { Seen } from '../environment.js';
import { MANY_STREAMS } from './slow-readers.js';

const CLIENTS = 1_000;
const OPEN_AT_ONCE = 100;
const MOST_TRIES = 3;
const STREAMING = 'streaming';
const LONGEST_STAY_MS = 500;
const RSS_BACK_MIB = 32;
const QUERY = 'stream 100000 tokens slow 20ms';
const SETTLED_WITHIN_SECONDS = 15;

interface Crowd {
  /** Clients that left in the middle of a stream. */
  left: number;
  /** Clients that got no stream, by what they got; another one comes in place of each. */
  readonly refused: Map<string, number>;
}

/** One client after the other, each leaving at some moment after its first token. */
async function leaveInTurn(url: string, token: string, count: number): Promise<Crowd> {
  const crowd: Crowd = { left: 0, refused: new Map() };
  for (let n = 0; crowd.left < count && n < MOST_TRIES * count; n += 1) {
    const { socket, outcome } = reading(url, token, QUERY);
    const came = await outcome;
    if (came === STREAMING) crowd.left += 1;
    else crowd.refused.set(came, (crowd.refused.get(came) ?? 0) + 1);
    await pause(Math.random() * LONGEST_STAY_MS);
    socket.destroy();
  }
  return crowd;
}

function addTo(all: Crowd, { left, refused }: Crowd): void {
  all.left += left;
  for (const [what, count] of refused) all.refused.set(what, (all.refused.get(what) ?? 0) + count);
}

async function leaveAll(url: string, token: string, all: Crowd): Promise<void> {
  const lanes = Array.from({ length: OPEN_AT_ONCE }, () => leaveInTurn(url, token, CLIENTS / OPEN_AT_ONCE));
  for (const crowd of await Promise.all(lanes)) addTo(all, crowd);
}

const sumOf = (counts: ReadonlyMap<string, number>) => [...counts.values()].reduce((sum, each) => sum + each, 0);

/** What is in use while nobody asks for anything. */
interface Rest {
  readonly seen: Seen;
  readonly inFlight: number;
  readonly heapMib: number;
  readonly rssMib: number;
}

/** Waits until every stream has ended, at the backend and in the gateway, and collects garbage. */
async function rest({ environment }: SoakTestbed, gateway: SoakGateway): Promise<Rest> {
  const isSettled = async () => {
    const { streams, cancelledStreams } = await environment.seen();
    return streams === cancelledStreams && (await gateway.requestsInFlight()) === 0;
  };
  await eventually(isSettled, SETTLED_WITHIN_SECONDS);
  const inFlight = await gateway.requestsInFlight();
  const heapMib = await gateway.heapMib();
  return { seen: await environment.seen(), inFlight, heapMib, rssMib: gateway.rssMib };
}

function memoryOf(before: Rest, after: Rest, others: { fresh: number; peak: number }): Finding[] {
  const rss = [others.fresh, before.rssMib, others.peak, after.rssMib];
  return [
    atMost(
      'growth of RSS after a collection, since the first thousand',
      after.rssMib - before.rssMib,
      RSS_BACK_MIB,
      'MiB',
    ),
    noted(
      'RSS fresh, after a first thousand, at the end of the load, after a collection',
      `${rss.map((each) => each.toFixed(0)).join(', ')} MiB`,
    ),
    noted(
      'heap after a collection, before and after',
      `${before.heapMib.toFixed(1)} MiB, ${after.heapMib.toFixed(1)} MiB`,
    ),
  ];
}

async function run(testbed: SoakTestbed, seconds: number): Promise<Finding[]> {
  const gateway = await testbed.gateway(MANY_STREAMS);
  const token = await testbed.environment.token('alice@acme.test');
  const fresh = gateway.rssMib;
  await leaveAll(gateway.url, token, { left: 0, refused: new Map() });
  const before = await rest(testbed, gateway);
  const crowd: Crowd = { left: 0, refused: new Map() };
  let wanted = 0;
  for (const end = performance.now() + seconds * 1000; wanted === 0 || performance.now() < end; wanted += CLIENTS) {
    await leaveAll(gateway.url, token, crowd);
  }
  const peak = gateway.rssMib;
  const after = await rest(testbed, gateway);
  const streams = after.seen.streams - before.seen.streams;
  const cancelled = after.seen.cancelledStreams - before.seen.cancelledStreams;
  return [
    exactly('clients that left after their first token', crowd.left, wanted),
    exactly('clients that got no stream', sumOf(crowd.refused), 0),
    noted('what these got', [...crowd.refused].map(([what, count]) => `${what}: ${count}`).join(', ') || '-'),
    noted('streams at the backend', String(streams)),
    exactly('cancellations at the backend', cancelled, Math.max(streams, wanted)),
    exactly('requests in flight afterwards', after.inFlight, 0),
    ...memoryOf(before, after, { fresh, peak }),
  ];
}

/** Clients that go away in the middle of a stream. */
export const aborts: Scenario = {
  name: 'aborts',
  title: `clients that abort mid-stream, ${OPEN_AT_ONCE} at once, in thousands until the time is over`,
  seconds: 10,
  graceSeconds: 150,
  run,
};

import { setTimeout as pause } from 'node:timers/promises';
import { reading } from '../ai-clients.js';
import { eventually, type SoakArena } from '../arena.js';
import { atMost, exactly, noted, type Finding, type Scenario } from '../scenario.js';
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

async function run(arena: SoakArena, seconds: number): Promise<Finding[]> {
  const { world } = arena;
  const gateway = await arena.gateway(MANY_STREAMS);
  const token = await world.token('alice@acme.test');
  const inFlight = async () => (await gateway.metrics()).sum('gateway_in_flight_requests');
  const atRest = await inFlight();
  const rssFresh = gateway.rssMib;
  await leaveAll(gateway.url, token, { left: 0, refused: new Map() });
  const settled = async () =>
    (await inFlight()) <= atRest && (await world.seen()).cancelledStreams === (await world.seen()).streams;
  await eventually(settled, SETTLED_WITHIN_SECONDS);
  const before = await world.seen();
  const heapBefore = await gateway.heapMib();
  const rssBefore = gateway.rssMib;
  const crowd: Crowd = { left: 0, refused: new Map() };
  let wanted = 0;
  for (const end = performance.now() + seconds * 1000; wanted === 0 || performance.now() < end; wanted += CLIENTS) {
    await leaveAll(gateway.url, token, crowd);
  }
  const rssPeak = gateway.rssMib;
  await eventually(settled, SETTLED_WITHIN_SECONDS);
  const after = await world.seen();
  const streams = after.streams - before.streams;
  const left = (await inFlight()) - atRest;
  const heapAfter = await gateway.heapMib();
  return [
    exactly('clients that left after their first token', crowd.left, wanted),
    exactly(
      'clients that got no stream',
      [...crowd.refused.values()].reduce((sum, each) => sum + each, 0),
      0,
    ),
    noted('what these got', [...crowd.refused].map(([what, count]) => `${what}: ${count}`).join(', ') || '-'),
    noted('streams at the backend', String(streams)),
    exactly(
      'cancellations at the backend',
      after.cancelledStreams - before.cancelledStreams,
      Math.max(streams, wanted),
    ),
    exactly('requests in flight afterwards, beside those before', left, 0),
    atMost(
      'growth of RSS after a collection, since the first thousand',
      gateway.rssMib - rssBefore,
      RSS_BACK_MIB,
      'MiB',
    ),
    noted(
      'RSS fresh, after a first thousand, at the end of the load, after a collection',
      [rssFresh, rssBefore, rssPeak, gateway.rssMib].map((each) => `${each.toFixed(0)} MiB`).join(', '),
    ),
    noted('heap after a collection, before and after', `${heapBefore.toFixed(1)} MiB, ${heapAfter.toFixed(1)} MiB`),
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

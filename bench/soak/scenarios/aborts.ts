import { setTimeout as pause } from 'node:timers/promises';
import { reading } from '../ai-clients.js';
import { eventually, type SoakArena } from '../arena.js';
import { atMost, exactly, noted, type Finding, type Scenario } from '../scenario.js';
import { MANY_STREAMS } from './slow-readers.js';

const CLIENTS = 1_000;
const OPEN_AT_ONCE = 100;
const WARM_UP = 100;
const LONGEST_STAY_MS = 500;
const RSS_BACK_MIB = 32;
const QUERY = 'stream 100000 tokens slow 20ms';
const SETTLED_WITHIN_SECONDS = 15;

/** One client after the other, each leaving at some moment after its first token; gives how many had one. */
async function leaveInTurn(url: string, token: string, count: number): Promise<number> {
  let streamed = 0;
  for (let n = 0; n < count; n += 1) {
    const { socket, streaming } = reading(url, token, QUERY);
    if (await streaming) streamed += 1;
    await pause(Math.random() * LONGEST_STAY_MS);
    socket.destroy();
  }
  return streamed;
}

async function leaveAll(url: string, token: string, count: number): Promise<number> {
  const lanes = Array.from({ length: OPEN_AT_ONCE }, () => leaveInTurn(url, token, count / OPEN_AT_ONCE));
  return (await Promise.all(lanes)).reduce((sum, each) => sum + each, 0);
}

async function run(arena: SoakArena, seconds: number): Promise<Finding[]> {
  const { world } = arena;
  const gateway = await arena.gateway(MANY_STREAMS);
  const token = await world.token('alice@acme.test');
  const inFlight = async () => (await gateway.metrics()).sum('gateway_in_flight_requests');
  const atRest = await inFlight();
  await leaveAll(gateway.url, token, WARM_UP);
  const settled = async () =>
    (await inFlight()) <= atRest && (await world.seen()).cancelledStreams === (await world.seen()).streams;
  await eventually(settled, SETTLED_WITHIN_SECONDS);
  const before = await world.seen();
  const heapBefore = await gateway.heapMib();
  const rssBefore = gateway.rssMib;
  let [wanted, streamed] = [0, 0];
  for (const end = performance.now() + seconds * 1000; wanted === 0 || performance.now() < end; wanted += CLIENTS) {
    streamed += await leaveAll(gateway.url, token, CLIENTS);
  }
  const rssPeak = gateway.rssMib;
  await eventually(settled, SETTLED_WITHIN_SECONDS);
  const after = await world.seen();
  const left = (await inFlight()) - atRest;
  const heapAfter = await gateway.heapMib();
  return [
    exactly('clients that had a token', streamed, wanted),
    exactly('cancellations at the backend', after.cancelledStreams - before.cancelledStreams, wanted),
    exactly('requests in flight afterwards, beside those before', left, 0),
    atMost('growth of RSS after a collection', gateway.rssMib - rssBefore, RSS_BACK_MIB, 'MiB'),
    noted('RSS before, at the end of the load', `${rssBefore.toFixed(0)} MiB, ${rssPeak.toFixed(0)} MiB`),
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

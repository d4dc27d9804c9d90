import { connect, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { reading } from '../ai-clients.js';
import { eventually, type SoakTestbed, type SoakGateway } from '../testbed.js';
import { atLeast, noted, rounded, type Finding, type Scenario } from '../scenario.js';
import { steadyLoad } from '../steady-load.js';
import { MANY_STREAMS } from './slow-readers.js';

const SETTLED_WITHIN_SECONDS = 30;
const CONNECTIONS = 1_000;
const WAITING = 200;
const STREAMS = 200;
const TENANTS = 2_000;
const RATE = 100;
const CPU_SECONDS = 5;
/** Longer than anybody looks. */
const QUERY = 'slow 60000ms';

/** Heap after collections and RSS, in KiB. */
interface Memory {
  readonly heap: number;
  readonly rss: number;
}

async function memoryOf(gateway: SoakGateway): Promise<Memory> {
  const heap = (await gateway.heapMib()) * 1024;
  return { heap, rss: gateway.rssMib * 1024 };
}

/** What one of so many things takes, from the difference that all of them make. */
function each(what: string, count: number, before: Memory, after: Memory): Finding {
  const [heap, rss] = [(after.heap - before.heap) / count, (after.rss - before.rss) / count];
  return noted(what, `${rounded(heap)} KiB of heap, ${rounded(rss)} KiB of RSS, of ${count}`);
}

function open(gateway: SoakGateway, write: string): Socket {
  const { hostname, port } = new URL(gateway.url);
  const socket = connect(Number(port), hostname);
  socket.on('error', () => undefined);
  socket.resume();
  socket.write(write);
  return socket;
}

async function connections(gateway: SoakGateway, testbed: SoakTestbed): Promise<Finding[]> {
  const before = await memoryOf(gateway);
  const handles = async () => (await gateway.metrics()).sum('nodejs_active_handles_total');
  const held = await handles();
  const get = 'GET /livez HTTP/1.1\r\nhost: localhost\r\n\r\n';
  const sockets = Array.from({ length: CONNECTIONS }, () => open(gateway, get));
  testbed.onClose(() => sockets.forEach((socket) => socket.destroy()));
  await eventually(async () => (await handles()) - held >= CONNECTIONS, SETTLED_WITHIN_SECONDS);
  const openNow = (await handles()) - held;
  const finding = each('an idle connection of a client', openNow, before, await memoryOf(gateway));
  sockets.forEach((socket) => socket.destroy());
  return [atLeast('connections open', openNow, CONNECTIONS), finding];
}

async function waiting(gateway: SoakGateway, token: string): Promise<Finding[]> {
  const before = await memoryOf(gateway);
  const body = JSON.stringify({ query: QUERY });
  const head = ['POST /api/v1/ai HTTP/1.1', 'host: localhost', `authorization: Bearer ${token}`];
  const request = [...head, 'content-type: application/json', `content-length: ${body.length}`, '', body].join('\r\n');
  const sockets = Array.from({ length: WAITING }, () => open(gateway, request));
  await eventually(async () => (await gateway.requestsInFlight()) >= WAITING, SETTLED_WITHIN_SECONDS);
  const held = await gateway.requestsInFlight();
  const finding = each('a request in flight, with its connection', held, before, await memoryOf(gateway));
  sockets.forEach((socket) => socket.destroy());
  await eventually(async () => (await gateway.requestsInFlight()) === 0, SETTLED_WITHIN_SECONDS);
  return [atLeast('requests in flight', held, WAITING), finding];
}

async function streams(gateway: SoakGateway, token: string): Promise<Finding[]> {
  const before = await memoryOf(gateway);
  const query = `stream 100000 tokens slow 1000ms`;
  const clients = Array.from({ length: STREAMS }, () => reading(gateway.url, token, query));
  const outcomes = await Promise.all(clients.map(({ outcome }) => outcome));
  const after = await memoryOf(gateway);
  const streaming = outcomes.filter((outcome) => outcome === 'streaming').length;
  const cpu = await cpuWithin(gateway, CPU_SECONDS);
  clients.forEach(({ socket }) => socket.destroy());
  await eventually(async () => (await gateway.requestsInFlight()) === 0, SETTLED_WITHIN_SECONDS);
  return [
    atLeast('streams open', streaming, STREAMS),
    each('a stream that is read, with its connection', streaming, before, after),
    noted('CPU of one message of a stream, one a second each', `${rounded(cpu / (streaming * CPU_SECONDS))} µs`),
  ];
}

async function cpuWithin(gateway: SoakGateway, seconds: number): Promise<number> {
  const before = gateway.cpuMicroseconds;
  await pause(seconds * 1000);
  return gateway.cpuMicroseconds - before;
}

async function tenants(gateway: SoakGateway, tokens: readonly string[]): Promise<Finding[]> {
  const before = await memoryOf(gateway);
  const shot = (index: number) => ({
    url: `${gateway.url}/api/v1/users?pageSize=1`,
    headers: { authorization: `Bearer ${tokens[index % tokens.length]}` },
  });
  const { statuses } = await steadyLoad({ rate: RATE, seconds: (2 * TENANTS) / RATE, shot });
  const buckets = (await gateway.metrics()).sum('rate_limit_active_limiters');
  const after = await memoryOf(gateway);
  return [
    noted(
      'answers to two requests of each tenant',
      [...statuses].map(([status, count]) => `${status}: ${count}`).join(', '),
    ),
    noted('rate limit buckets', String(buckets)),
    each('a tenant: plan, bucket and verified token of one caller', buckets, before, after),
  ];
}

async function run(testbed: SoakTestbed): Promise<Finding[]> {
  const { environment } = testbed;
  const gateway = await testbed.gateway({ ...MANY_STREAMS, GATEWAY_SHED_DELAY: '0s' });
  const token = await environment.token('alice@acme.test');
  const ids = Array.from({ length: TENANTS }, (_, n) => `soak-${n}`);
  const tokens = await environment.tokens({ user: 'alice@acme.test', lifeSeconds: 3_600 }, ids);
  // Code that is compiled and pools that are filled by the first requests belong to nobody.
  const warm = () => ({ url: `${gateway.url}/api/v1/users/acme-alice`, headers: { authorization: `Bearer ${token}` } });
  await steadyLoad({ rate: RATE, seconds: 20, shot: warm });
  const idle = await memoryOf(gateway);
  return [
    noted(
      'a warm gateway without work',
      `${rounded(idle.heap / 1024)} MiB of heap, ${rounded(idle.rss / 1024)} MiB of RSS`,
    ),
    // First, since what connections leave behind is freed late.
    ...(await tenants(gateway, tokens)),
    ...(await waiting(gateway, token)),
    ...(await streams(gateway, token)),
    ...(await connections(gateway, testbed)),
  ];
}

/** What each thing that a gateway holds takes: the constants of docs/sizing.md. */
export const footprint: Scenario = {
  name: 'footprint',
  title: 'what a connection, a request in flight, a stream and a tenant take',
  seconds: 60,
  graceSeconds: 240,
  run,
};

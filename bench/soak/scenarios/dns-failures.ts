import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually, UNHURRIED, type SoakTestbed, type SoakGateway } from '../testbed.js';
import { NameServer, type NameServerMood } from '../name-server.js';
import { atMost, exactly, noted, type Finding, type Scenario } from '../scenario.js';
import { countOf, describeStatuses, steadyLoad, type LoadFigures } from '../steady-load.js';

const RATE = 20;
const SLOW_MS = 5_000;
const RATIO = 1.2;
const MOVED_WITHIN_SECONDS = 35;
const NAME_SERVER = '127.0.53.1';
const [HERE, THERE] = ['127.0.0.1', '127.0.0.2'];
const UPSTREAMS = ['AUTH', 'USER', 'TENANT', 'AI'].map((each) => `${each}_SERVICE_URL`);

const MOODS: Readonly<Record<string, NameServerMood>> = {
  'answers immediately': { address: HERE },
  SERVFAIL: { address: HERE, fails: true },
  [`answers after ${SLOW_MS / 1000} s`]: { address: HERE, delayMs: SLOW_MS },
};

/** Serves what listens on a port of the first address on the same port of the second one, too. */
async function alsoThere(testbed: SoakTestbed, port: number): Promise<Server> {
  const server = createServer((near) => {
    const far = connect(port, HERE);
    near.on('error', () => far.destroy()).once('close', () => far.destroy());
    far.on('error', () => near.destroy()).once('close', () => near.destroy());
    near.pipe(far).pipe(near);
  });
  server.listen(port, THERE);
  await once(server, 'listening');
  testbed.onClose(() => server.close());
  return server;
}

/** A gateway that looks its backends up at a name server of the soak's own. */
async function start(testbed: SoakTestbed, names: NameServer, ports: Readonly<Record<string, number>>) {
  const folder = mkdtempSync(join(tmpdir(), 'soak-dns-'));
  testbed.onClose(() => rmSync(folder, { recursive: true, force: true }));
  const urls = Object.entries(ports).map(([name, port]) => [
    name,
    `dns:///${name.toLowerCase().split('_')[0]}.soak.test:${port}`,
  ]);
  const env = {
    ...UNHURRIED,
    ...Object.fromEntries(urls),
    GATEWAY_GRPC_RESOLVE_INTERVAL: '1s',
    UV_THREADPOOL_SIZE: '16',
  };
  return testbed.gateway(env, names.wrap(join(folder, 'resolv.conf')));
}

/** Sends requests whose tokens are all new: the signature of each is checked in the thread pool that lookups use. */
async function send({ environment }: SoakTestbed, gateway: SoakGateway, seconds: number): Promise<LoadFigures> {
  const tenants = Array<null>(Math.ceil(RATE * seconds)).fill(null);
  const tokens = await environment.tokensFor(
    'alice@acme.test',
    tenants.map((_, n) => `soak-${Date.now()}-${n}`),
  );
  const shot = (index: number) => ({
    url: `${gateway.url}/api/v1/tenants/acme`,
    headers: { authorization: `Bearer ${tokens[index]}` },
  });
  return steadyLoad({ rate: RATE, seconds, shot });
}

async function run(testbed: SoakTestbed, seconds: number): Promise<Finding[]> {
  const names = await NameServer.start(NAME_SERVER, { address: HERE });
  testbed.onClose(() => names.close());
  const env = await testbed.environment.env();
  const ports = Object.fromEntries(UPSTREAMS.map((name) => [name, Number(env[name]?.split(':').at(-1))]));
  const gateway = await start(testbed, names, ports);
  await send(testbed, gateway, 3);
  const findings: Finding[] = [];
  const p99s: number[] = [];
  for (const [what, mood] of Object.entries(MOODS)) {
    names.mood = mood;
    const before = names.asked;
    const figures = await send(testbed, gateway, seconds / 4);
    p99s.push(figures.p99Ms);
    findings.push(exactly(`${what}: requests answered 200`, countOf(figures, 200), figures.sent));
    findings.push(noted(`${what}: queries, answers`, `${names.asked - before}; ${describeStatuses(figures)}`));
  }
  const [quiet = Number.NaN, failing = Number.NaN, slow = Number.NaN] = p99s;
  return [
    ...findings,
    atMost('p99 while lookups take 5 s, × while they are immediate', slow / quiet, RATIO),
    noted('p99 immediate, SERVFAIL, 5 s', `${[quiet, failing, slow].map((each) => each.toFixed(1)).join(', ')} ms`),
    ...(await move(testbed, gateway, { names, ports, seconds: seconds / 4 })),
  ];
}

interface Move {
  readonly names: NameServer;
  readonly ports: Readonly<Record<string, number>>;
  readonly seconds: number;
}

/** Gives all backends other addresses. */
async function move(testbed: SoakTestbed, gateway: SoakGateway, { names, ports, seconds }: Move): Promise<Finding[]> {
  const servers = await Promise.all(Object.values(ports).map((port) => alsoThere(testbed, port)));
  let arrived = 0;
  for (const server of servers) server.once('connection', () => (arrived += 1));
  names.mood = { address: THERE };
  const startedAt = performance.now();
  const load = send(testbed, gateway, seconds);
  await eventually(async () => arrived === servers.length, MOVED_WITHIN_SECONDS);
  const took = arrived === servers.length ? (performance.now() - startedAt) / 1000 : Number.NaN;
  const figures = await load;
  return [
    atMost('all backends reached at other addresses', took, MOVED_WITHIN_SECONDS, 's'),
    exactly('requests answered 200 meanwhile', countOf(figures, 200), figures.sent),
  ];
}

/** A name server that fails, dawdles, and then tells of other addresses. */
export const dnsFailures: Scenario = {
  name: 'dns-failures',
  title: `${RATE} requests/s with new tokens; the name server fails, takes ${SLOW_MS / 1000} s, tells other addresses (needs root, unshare)`,
  seconds: 120,
  graceSeconds: 90,
  run,
};

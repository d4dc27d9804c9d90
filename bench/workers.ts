import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { cpuMicroseconds } from './harness/cpu.js';
import { type Identity, openIdentity } from './harness/identity.js';
import { load } from './harness/load.js';
import { freePort, pinSelf, type Command } from './harness/process.js';
import { SCENARIOS } from './harness/scenarios.js';
import { SYSTEMS, upstreamCommand } from './harness/systems.js';
import { aim, type Target } from './harness/target.js';

const WARM_UP_ROUNDS = 3;
const ROUNDS = 9;
const SECONDS = 4;
/** Connections of a gateway process that serves requests. */
const CONNECTIONS = 64;
const GATEWAY_CORE = 0;
const LOAD_CORE = 1;

/**
 * What is compared, all of it on one core: the other one has the load and the upstream. Two separate gateways share
 * nothing, so on a core each they answer twice what one does; on one core they pay for taking turns, as two workers do.
 * What two workers cost more than two separate gateways is the price of workers.
 */
const SUBJECTS = [
  { name: 'one gateway', gateways: 1, workers: 1 },
  { name: 'two separate gateways', gateways: 2, workers: 1 },
  { name: 'one gateway with two workers', gateways: 1, workers: 2 },
] as const;

const say = (text: string) => process.stdout.write(`${text}\n`);
const median = (values: readonly number[]) => values.toSorted((a, b) => a - b)[values.length >> 1] as number;

/** Something that answers, and its CPU time per request in µs, by round. */
interface Subject {
  readonly name: string;
  readonly workers: number;
  readonly processes: readonly ChildProcess[];
  readonly targets: readonly Target[];
  readonly costs: number[];
}

/** Returns a process and its descendants: the primary process and its workers. */
function family(pid: number): number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
  return [pid, ...(children === '' ? [] : children.split(' ').flatMap((child) => family(Number(child))))];
}

const cpuOf = ({ processes }: Subject) =>
  processes.flatMap(({ pid }) => family(pid ?? 0)).reduce((sum, pid) => sum + cpuMicroseconds(pid), 0);

function start({ file, args, env }: Command, core: number): ChildProcess {
  return spawn('taskset', ['-c', String(core), file, ...args], {
    env: { PATH: process.env.PATH ?? '', ...env },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}

async function answering(url: string, token: string): Promise<void> {
  for (let attempt = 0; attempt < 600; attempt++) {
    const response = await fetch(url, { headers: { authorization: `Bearer ${token}` } }).catch(() => undefined);
    if (response?.status === 200) return;
    await delay(100);
  }
  throw new Error(`${url} does not answer`);
}

async function startGateway(workers: number, upstream: string, identity: Identity) {
  const port = await freePort();
  const command = SYSTEMS.gateway.command({ port, upstream, collector: '', identity, nodeFlags: [] });
  const running = start({ ...command, env: { ...command.env, GATEWAY_WORKERS: String(workers) } }, GATEWAY_CORE);
  const scenario = SCENARIOS['get-one'];
  await answering(`http://127.0.0.1:${port}/api/v1/users/ready`, identity.token);
  return { running, target: await aim(scenario, `http://127.0.0.1:${port}${scenario.path}`, identity.token) };
}

async function startSubject(
  { name, gateways, workers }: (typeof SUBJECTS)[number],
  upstream: string,
  identity: Identity,
): Promise<Subject> {
  const started = [];
  for (let n = 0; n < gateways; n++) started.push(await startGateway(workers, upstream, identity));
  const processes = started.map(({ running }) => running);
  return { name, workers, processes, targets: started.map(({ target }) => target), costs: [] };
}

/** Loads a subject with as many connections per serving process as the others; returns its CPU time per request, in µs. */
async function costOf(subject: Subject): Promise<number> {
  const before = cpuOf(subject);
  const pressure = { seconds: SECONDS, connections: CONNECTIONS * subject.workers, rate: undefined };
  const results = await Promise.all(subject.targets.map((target) => load(target, pressure)));
  return (cpuOf(subject) - before) / results.reduce((sum, { requests }) => sum + requests, 0);
}

function report(subjects: readonly Subject[]): void {
  const [one, separate, workers] = subjects.map(({ costs }) => median(costs)) as [number, number, number];
  for (const { name, costs } of subjects) {
    const sorted = costs.toSorted((a, b) => a - b);
    say(
      `${name}: ${median(costs).toFixed(1)} µs of CPU per request (${sorted[0]?.toFixed(1)} to ${sorted.at(-1)?.toFixed(1)})`,
    );
  }
  say(`taking turns on one core costs two separate gateways ${(separate / one).toFixed(2)} times one`);
  say(`two workers cost ${(workers / separate).toFixed(2)} times two separate gateways`);
  say(`two workers on a core each: ${((2 * separate) / workers).toFixed(2)} times the rate of one`);
}

/** Compares the subjects in turn, so that what disturbs the machine disturbs all of them. */
async function main(): Promise<void> {
  SYSTEMS.gateway.prepare({} as never);
  const identity = await openIdentity();
  const upstreamPort = await freePort();
  pinSelf(LOAD_CORE);
  const upstream = start(upstreamCommand(upstreamPort), LOAD_CORE);
  const subjects: Subject[] = [];
  for (const each of SUBJECTS) subjects.push(await startSubject(each, `127.0.0.1:${upstreamPort}`, identity));
  for (let round = 1 - WARM_UP_ROUNDS; round <= ROUNDS; round++) {
    for (const subject of subjects) {
      const cost = await costOf(subject);
      if (round > 0) subject.costs.push(cost);
    }
    if (round > 0) say(`round ${round}: ${subjects.map(({ costs }) => `${costs.at(-1)?.toFixed(0)} µs`).join(', ')}`);
  }
  report(subjects);
  const processes = [upstream, ...subjects.flatMap((subject) => subject.processes)];
  for (const each of processes) each.kill('SIGTERM');
  await Promise.all(processes.map((each) => (each.exitCode === null ? once(each, 'exit') : Promise.resolve())));
  identity.close();
}

await main();

import { readFileSync } from 'node:fs';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { cpuMicroseconds } from './harness/cpu.js';
import { openIdentity } from './harness/identity.js';
import { load } from './harness/load.js';
import { freePort, pinSelf, type Command } from './harness/process.js';
import { SCENARIOS } from './harness/scenarios.js';
import { SYSTEMS, upstreamCommand } from './harness/systems.js';
import { aim, type Target } from './harness/target.js';

const ROUNDS = 7;
const SECONDS = 5;
const CONNECTIONS = 64;
const WORKERS = [1, 2];
const GATEWAY_CORE = 0;
const LOAD_CORE = 1;

const say = (text: string) => process.stdout.write(`${text}\n`);
const median = (values: readonly number[]) => values.toSorted((a, b) => a - b)[values.length >> 1] as number;

/** A gateway with so many workers. */
interface Subject {
  readonly workers: number;
  readonly process: ChildProcess;
  readonly target: Target;
  readonly rates: number[];
  readonly costs: number[];
}

/** The process and those that it has made: the first process of workers, and the workers. */
function family(pid: number): number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
  return [pid, ...(children === '' ? [] : children.split(' ').flatMap((child) => family(Number(child))))];
}

const cpuOf = (subject: Subject) =>
  family(subject.process.pid ?? 0).reduce((sum, pid) => sum + cpuMicroseconds(pid), 0);

function start({ file, args, env }: Command, core: number): ChildProcess {
  return spawn('taskset', ['-c', String(core), file, ...args], {
    env: { PATH: process.env.PATH ?? '', ...env },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}

async function answering(url: string, token: string): Promise<void> {
  for (let attempt = 0; attempt < 300; attempt++) {
    const response = await fetch(url, { headers: { authorization: `Bearer ${token}` } }).catch(() => undefined);
    if (response?.status === 200) return;
    await delay(100);
  }
  throw new Error(`${url} does not answer`);
}

/**
 * Measures the CPU time per request with one worker and with two, in turn. The machine has two cores, of which load and upstream need
 * one: so both gateways have the other one alone, and two workers on it pay for everything that two on two cores do, and
 * for sharing it. Workers have nothing in common but the process that hands out connections, so two cores give twice the
 * rate that one gives two workers.
 */
async function main(): Promise<void> {
  SYSTEMS.gateway.prepare({} as never);
  const identity = await openIdentity();
  const upstreamPort = await freePort();
  pinSelf(LOAD_CORE);
  const processes = [start(upstreamCommand(upstreamPort), LOAD_CORE)];
  const subjects: Subject[] = [];
  for (const workers of WORKERS) {
    const port = await freePort();
    const upstream = `127.0.0.1:${upstreamPort}`;
    const command = SYSTEMS.gateway.command({ port, upstream, collector: '', identity, nodeFlags: [] });
    const running = start({ ...command, env: { ...command.env, GATEWAY_WORKERS: String(workers) } }, GATEWAY_CORE);
    processes.push(running);
    const scenario = SCENARIOS['get-one'];
    await answering(`http://127.0.0.1:${port}/api/v1/users/ready`, identity.token);
    await delay(5_000);
    const target = await aim(scenario, `http://127.0.0.1:${port}${scenario.path}`, identity.token);
    subjects.push({ workers, process: running, target, rates: [], costs: [] });
  }
  for (let round = -1; round < ROUNDS; round++) await measure(subjects, round);
  const [one, two] = subjects as [Subject, Subject];
  const [rate, cost] = [median(two.rates) / median(one.rates), median(two.costs) / median(one.costs)];
  const text = [
    `two workers on one core: ${rate.toFixed(3)} times the rate of one, ${cost.toFixed(3)} times its CPU per request`,
    `two workers on two cores: ${(2 / cost).toFixed(2)} times the rate of one`,
  ];
  for (const line of text) say(line);
  for (const each of processes) each.kill('SIGTERM');
  await Promise.all(processes.map((each) => (each.exitCode === null ? once(each, 'exit') : Promise.resolve())));
  identity.close();
}

/** The round before the first warms up. */
async function measure(subjects: readonly Subject[], round: number): Promise<void> {
  for (const subject of subjects) {
    const before = cpuOf(subject);
    const { requests, seconds } = await load(subject.target, {
      seconds: SECONDS,
      connections: CONNECTIONS,
      rate: undefined,
    });
    const [rate, cost] = [requests / seconds, (cpuOf(subject) - before) / requests];
    if (round < 0) continue;
    subject.rates.push(rate);
    subject.costs.push(cost);
    say(
      `round ${round + 1}, ${subject.workers} workers: ${rate.toFixed(0)}/s, ${cost.toFixed(0)} µs of CPU per request`,
    );
  }
}

await main();

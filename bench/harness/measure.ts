import { setTimeout as delay } from 'node:timers/promises';
import type { Testbed, Running } from './testbed.js';
import { coresMicroseconds, cpuMicroseconds, rssBytes } from './cpu.js';
import { load, type LoadResult, type Pressure } from './load.js';
import type { Options, SystemName } from './options.js';
import { SCENARIOS, type ScenarioName } from './scenarios.js';
import { SYSTEMS } from './systems.js';
import { aim, type Target } from './target.js';

/** One system under one scenario in one round. */
export interface Sample {
  readonly system: SystemName;
  readonly scenario: ScenarioName;
  readonly round: number;
  readonly requests: number;
  readonly requestsPerSecond: number;
  /** CPU time of the system's process, all threads, in microseconds per completed request. */
  readonly cpuUsPerRequest: number;
  /** Share of its core that the system used. Below 1 something else was slower than it. */
  readonly busy: number;
  /** Share of the other core that upstream and load generator used. At 1 they were the bottleneck. */
  readonly loadBusy: number;
  /** Share of both cores that other programs took. */
  readonly foreign: number;
  /** CPU time of upstream and load generator, which share the other core, in microseconds per request. */
  readonly upstreamUsPerRequest: number;
  readonly loadUsPerRequest: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly rssBytes: number;
}

interface Lane {
  readonly running: Running;
  readonly target: Target;
}

/** Requests that the end of the load cut off may be missing. */
const LOGGED_SHARE = 0.95;
const WARM_REQUESTS = 5_000;
const MOST_WARM_UPS = 5;
const LOG_FLUSH_MS = 5_000;
const LOG_POLL_MS = 100;

/** Sends one request to each system, checks its response in full, and keeps that response as the expected one. */
async function lanesOf(scenario: ScenarioName, systems: readonly Running[], token: string): Promise<Lane[]> {
  const lanes: Lane[] = [];
  for (const running of systems) {
    const path = SYSTEMS[running.name].paths[scenario];
    if (path === null) continue;
    const url = running.origin + (path ?? SCENARIOS[scenario].path);
    lanes.push({ running, target: await aim(SCENARIOS[scenario], url, token) });
  }
  return lanes;
}

/** A logger may buffer lines, so this waits until they are written. */
async function requireLogLines({ name, process }: Running, { requests }: LoadResult): Promise<void> {
  const giveUpAt = performance.now() + LOG_FLUSH_MS;
  const countLines = () => process.output.split('\n').length - 1;
  while (countLines() < requests * LOGGED_SHARE) {
    if (performance.now() > giveUpAt) throw new Error(`${name}: ${countLines()} log lines for ${requests} requests`);
    await delay(LOG_POLL_MS);
  }
}

/** Runs the scenario until the JIT has compiled it, and checks that a system that must log does. */
async function warmUp({ running, target }: Lane, pressure: Pressure): Promise<void> {
  let requests = 0;
  for (let stretch = 0; stretch < MOST_WARM_UPS && requests < WARM_REQUESTS; stretch++) {
    running.process.forgetOutput();
    const result = await load(target, pressure);
    if (SYSTEMS[running.name].logsRequests) await requireLogLines(running, result);
    requests += result.requests;
  }
}

/** CPU times so far, in microseconds, of everything that can use the two cores. */
interface Clocks {
  readonly system: number;
  readonly upstream: number;
  readonly load: number;
  readonly everyone: number;
}

function readClocks(testbed: Testbed, { pid }: { readonly pid: number }): Clocks {
  return {
    system: cpuMicroseconds(pid),
    upstream: cpuMicroseconds(testbed.upstream.pid),
    load: cpuMicroseconds(process.pid),
    everyone: coresMicroseconds(testbed.options.cores),
  };
}

type Costs = Pick<
  Sample,
  'cpuUsPerRequest' | 'busy' | 'loadBusy' | 'foreign' | 'upstreamUsPerRequest' | 'loadUsPerRequest'
>;

/** Returns the CPU time that each process used in one measured interval. */
export function costsBetween(before: Clocks, after: Clocks, { requests, seconds }: LoadResult): Costs {
  const spent = (clock: keyof Clocks) => after[clock] - before[clock];
  const wall = seconds * 1e6;
  const [system, upstream, loadCpu] = [spent('system'), spent('upstream'), spent('load')];
  return {
    cpuUsPerRequest: system / requests,
    upstreamUsPerRequest: upstream / requests,
    loadUsPerRequest: loadCpu / requests,
    busy: system / wall,
    loadBusy: (upstream + loadCpu) / wall,
    foreign: Math.max(0, spent('everyone') - system - upstream - loadCpu) / (2 * wall),
  };
}

async function sample(testbed: Testbed, lane: Lane, pressure: Pressure): Promise<Omit<Sample, 'scenario' | 'round'>> {
  const { running, target } = lane;
  running.process.forgetOutput();
  const before = readClocks(testbed, running.process);
  const result = await load(target, pressure);
  return {
    system: running.name,
    requests: result.requests,
    requestsPerSecond: result.requests / result.seconds,
    ...costsBetween(before, readClocks(testbed, running.process), result),
    p50Ms: result.p50Ms,
    p99Ms: result.p99Ms,
    rssBytes: rssBytes(running.process.pid),
  };
}

/** The order of a round: each begins one system later, so that none always comes after the same neighbour. */
export function rotated<T>(items: readonly T[], round: number): T[] {
  const start = items.length === 0 ? 0 : round % items.length;
  return [...items.slice(start), ...items.slice(0, start)];
}

/** Warms every system up, then runs the rounds of one scenario. Samples come as they are taken. */
export async function* measureScenario(
  testbed: Testbed,
  systems: readonly Running[],
  scenario: ScenarioName,
  options: Options,
): AsyncGenerator<Sample> {
  const { seconds, warmupSeconds, connections, rate } = options;
  const lanes = await lanesOf(scenario, systems, testbed.identity.token);
  for (const lane of lanes) await warmUp(lane, { seconds: warmupSeconds, connections, rate: undefined });
  for (let round = 0; round < options.rounds; round++) {
    for (const lane of rotated(lanes, round)) {
      yield { ...(await sample(testbed, lane, { seconds, connections, rate })), scenario, round };
    }
  }
}

import { arch, cpus, platform, release, totalmem } from 'node:os';
import { redactConfig } from '../../config/redact-config.js';
import { parseEnvironment } from '../../config/environment.js';
import { VERSION } from '../../version.js';
import type { AdminClient } from '../admin-client.js';
import { formatChecks } from '../doctor/check-line.js';
import { examine } from '../doctor/doctor.js';
import { FetchFailure, fetchBounded } from '../fetch-bounded.js';
import type { CliContext } from '../cli-context.js';

/** File of the archive. */
export interface Collected {
  readonly name: string;
  readonly content: Buffer;
  /** The data is missing; the content is the reason. */
  readonly isMissing: boolean;
}

export interface DiagSources {
  readonly context: CliContext;
  readonly admin: AdminClient;
  readonly metricsUrl: string;
  readonly timeoutMs: number;
  /** Seconds of CPU profile; 0: none. */
  readonly profileSeconds: number;
}

/** Pages of the admin listener. Those that an older gateway lacks are left out silently. */
const ADMIN_FILES: readonly (readonly [path: string, name: string])[] = [
  ['/admin/config', 'config.json'],
  ['/admin/upstreams', 'upstreams.json'],
  ['/admin/circuits', 'circuits.json'],
  ['/admin/inflight?limit=1000', 'inflight.json'],
  ['/admin/limits', 'limits.json'],
  ['/admin/cache', 'cache.json'],
  ['/admin/sessions', 'sessions.json'],
  ['/admin/keys', 'keys.json'],
  ['/admin/errors', 'last-errors.json'],
  ['/admin/requests?limit=200', 'last-requests.json'],
  ['/debug/pprof/goroutine?debug=2', 'goroutine.txt'],
  ['/debug/eventloop?seconds=1', 'eventloop.json'],
];

const PROFILE = 'profile.pb.gz';
/** Concurrent requests to the admin listener, which allows few connections. */
const LANES = 4;

/** Collects all files concurrently. Never rejects: missing data becomes a file with the reason. */
export async function collect(sources: DiagSources): Promise<Collected[]> {
  const { admin, metricsUrl, timeoutMs, profileSeconds, context } = sources;
  const http = async (path: string) => (await fetchBounded(new URL(path, metricsUrl).href, { timeoutMs })).body;
  const profile = () =>
    admin.bytes(`/debug/pprof/profile?seconds=${profileSeconds}`, profileSeconds * 1000 + timeoutMs);
  const parts = await Promise.all([
    part('versions.json', async () => json(versions())),
    part('settings-here.json', async () => json(settingsOf(context))),
    part('doctor.txt', async () => Buffer.from(`${(await diagnose(context, timeoutMs)).join('\n')}\n`)),
    part('metrics.txt', () => http('/metrics')),
    part('health.json', () => http('/health')),
    askInLanes(admin),
  ]);
  // It slows the others down, so it runs last.
  const measured = profileSeconds > 0 ? await part(PROFILE, profile) : [];
  return [...parts.flat(), ...measured];
}

async function askInLanes(admin: AdminClient): Promise<Collected[]> {
  const waiting = [...ADMIN_FILES];
  const answers: Collected[] = [];
  const lane = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [path, name] = next;
      answers.push(...(await part(name, () => admin.bytes(path))));
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  return answers;
}

async function part(name: string, read: () => Promise<Buffer>): Promise<Collected[]> {
  try {
    return [{ name, content: await read(), isMissing: false }];
  } catch (error) {
    if (error instanceof FetchFailure && error.status === 404 && name !== PROFILE) return [];
    const reason = error instanceof Error ? error.message : String(error);
    return [{ name: `${name}.error.txt`, content: Buffer.from(`${reason}\n`), isMissing: true }];
  }
}

/** Returns the versions of the collecting process, which in a pod are those of the gateway. */
function versions(): object {
  return {
    gateway: VERSION,
    node: process.version,
    components: process.versions,
    platform: `${platform()} ${release()} ${arch()}`,
    processors: cpus().length,
    memoryBytes: totalmem(),
    collectedAt: new Date().toISOString(),
  };
}

/** Returns the settings of the command. Those of the running gateway are in config.json. */
function settingsOf({ inspection, env }: CliContext): object {
  if (inspection.problems.length === 0) return redactConfig(parseEnvironment(env));
  return { problems: inspection.problems.map(({ name, reason }) => ({ name, reason })) };
}

async function diagnose({ inspection, env, routes }: CliContext, timeoutMs: number): Promise<string[]> {
  if (inspection.problems.length > 0) return ['the settings here are invalid: checks were skipped'];
  return formatChecks(await examine(parseEnvironment(env), routes, { timeoutMs, slowMs: 1_000 }));
}

function json(value: object): Buffer {
  return Buffer.from(`${JSON.stringify(value, null, 2)}\n`);
}

import { arch, cpus, platform, release, totalmem } from 'node:os';
import { redactConfig } from '../../config/redact-config.js';
import { parseEnvironment } from '../../config/environment.js';
import { VERSION } from '../../version.js';
import type { AdminClient } from '../admin-client.js';
import { formatChecks } from '../doctor/check-line.js';
import { examine } from '../doctor/doctor.js';
import { FetchFailure, fetchBounded } from '../fetch-bounded.js';
import type { CliContext } from '../cli-context.js';

/** One file of the archive. */
export interface Collected {
  readonly name: string;
  readonly content: Buffer;
  /** What should be there could not be had; the content says why. */
  readonly isMissing: boolean;
}

export interface DiagSources {
  readonly context: CliContext;
  readonly admin: AdminClient;
  readonly metricsUrl: string;
  readonly timeoutMs: number;
  /** Seconds of processor profile; 0: none. */
  readonly profileSeconds: number;
}

/** Asked of the admin listener; what an older gateway does not have is left out without a word. */
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
/** Questions to the admin listener at a time: it has few connections, and others may need one. */
const LANES = 4;

/** Collects everything concurrently. Never rejects: what cannot be had is a file that says why. */
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
  // It costs the others their time, so it comes last.
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

/** Of the program that collects, which in a pod is that of the gateway. */
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

/** Those that the command was started with: a running gateway has read its own when it started (config.json). */
function settingsOf({ inspection, env }: CliContext): object {
  if (inspection.problems.length === 0) return redactConfig(parseEnvironment(env));
  return { problems: inspection.problems.map(({ name, reason }) => ({ name, reason })) };
}

async function diagnose({ inspection, env, routes }: CliContext, timeoutMs: number): Promise<string[]> {
  if (inspection.problems.length > 0) return ['the settings here cannot be used: nothing was tried'];
  return formatChecks(await examine(parseEnvironment(env), routes, { timeoutMs, slowMs: 1_000 }));
}

function json(value: object): Buffer {
  return Buffer.from(`${JSON.stringify(value, null, 2)}\n`);
}

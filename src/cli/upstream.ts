import { formatProblem } from '../config/config-error.js';
import { nearest } from '../domain/did-you-mean.js';
import { parseEnvironment } from '../config/environment.js';
import { upstreamVariables } from '../config/schema/upstream-settings.js';
import { withDeadline } from '../domain/loop-timeout.js';
import { GatewayError } from '../domain/errors.js';
import { ReflectionClient } from '../grpc/reflection.js';
import { askHealth } from '../grpc/upstream-health.js';
import { formatChecks } from './doctor/check-line.js';
import { methodsOf } from './doctor/doctor.js';
import type { ProbeLimits } from './doctor/endpoint-checks.js';
import { checkUpstream, type ProbedUpstream, withTransport } from './doctor/grpc-checks.js';
import { EXIT_CONFIG, EXIT_UNAVAILABLE, type Terminal } from './terminal.js';
import type { CliContext } from './cli-context.js';

/** Questions to an upstream: its services, its health, or both and its connection. */
export const UPSTREAM_QUESTIONS = ['list', 'health', 'all'] as const;

export interface UpstreamOptions extends ProbeLimits {
  readonly question: (typeof UPSTREAM_QUESTIONS)[number];
}

/** Number of health checks whose times are compared. */
const ROUNDS = 5;

/**
 * Probes one upstream from where the gateway runs, over the gateway's own transport.
 * Resolves to the exit code: 69 when it cannot be reached, 78 when it is unknown.
 */
export async function askUpstream(
  context: CliContext,
  terminal: Terminal,
  name: string,
  options: UpstreamOptions,
): Promise<number> {
  const probed = find(context, terminal, name);
  if (probed === undefined) return EXIT_CONFIG;
  const { question } = options;
  if (question === 'list') return listServices(probed, terminal, options);
  if (question === 'health') return measureHealth(probed, terminal, options);
  const lines = await checkUpstream(probed, options);
  for (const line of formatChecks(lines)) terminal.out(line);
  if (lines.some(({ status }) => status === 'fail')) return EXIT_UNAVAILABLE;
  return Math.max(await measureHealth(probed, terminal, options), await listServices(probed, terminal, options));
}

function find(context: CliContext, terminal: Terminal, name: string): ProbedUpstream | undefined {
  const { problems } = context.inspection;
  for (const problem of problems) terminal.err(formatProblem(problem));
  if (problems.length > 0) return undefined;
  const { upstreams, absentUpstreams, grpc } = parseEnvironment(context.env);
  const upstream = upstreams.get(name);
  if (upstream !== undefined) return { upstream, grpc, methods: methodsOf(name, context.routes) };
  if (absentUpstreams.includes(name)) {
    terminal.err(`${upstreamVariables(name).url} is none: this deployment has no upstream "${name}"`);
    return undefined;
  }
  const similar = nearest(name, upstreams.keys());
  const hint = similar === undefined ? '' : ` Did you mean ${similar}?`;
  terminal.err(`unknown upstream "${name}"; known: ${[...upstreams.keys()].join(', ')}.${hint}`);
  return undefined;
}

/** Lists services as `grpcurl -plaintext <host> list` does. A backend without reflection is not a failure. */
async function listServices(probed: ProbedUpstream, terminal: Terminal, { timeoutMs }: ProbeLimits): Promise<number> {
  const { name } = probed.upstream;
  try {
    const services = await withTransport(probed, (transport) =>
      withDeadline(timeoutMs, (signal) => new ReflectionClient(name, transport, signal).listServices()),
    );
    const mounted = new Set(probed.methods.map(({ parent }) => parent.typeName));
    for (const service of services) terminal.out(mounted.has(service) ? `${service}  (mounted)` : service);
    const absent = [...mounted].filter((service) => !services.includes(service));
    for (const service of absent) terminal.err(`${service} is mounted, but the backend does not list it`);
    return 0;
  } catch (error) {
    terminal.err(`the services of ${name} cannot be listed: ${reasonOf(error)}`);
    return EXIT_UNAVAILABLE;
  }
}

/** Makes several calls over one connection; the time of the first includes connecting. */
async function measureHealth(probed: ProbedUpstream, terminal: Terminal, { timeoutMs }: ProbeLimits): Promise<number> {
  const { name } = probed.upstream;
  return withTransport(probed, async (transport) => {
    const times: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const { serving, text, ms } = await askHealth(name, transport, timeoutMs);
      if (!serving) {
        terminal.err(`${name}: ${text} after ${Math.round(ms)}ms`);
        return EXIT_UNAVAILABLE;
      }
      times.push(ms);
    }
    const [first = 0, ...rest] = times;
    const sorted = rest.toSorted((one, other) => one - other).map((ms) => ms.toFixed(1));
    terminal.out(`${name}: serving; connected and answered in ${first.toFixed(1)}ms, then ${sorted.join(', ')}ms`);
    return 0;
  });
}

function reasonOf(error: unknown): string {
  if (error instanceof GatewayError && error.cause instanceof Error) return error.cause.message;
  return error instanceof Error ? error.message : String(error);
}

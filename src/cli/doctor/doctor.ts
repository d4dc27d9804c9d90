import { formatProblem } from '../../config/config-error.js';
import { parseEnvironment } from '../../config/environment.js';
import type { GatewayConfig } from '../../config/gateway-config.js';
import { GUARDRAIL, upstreamVariables } from '../../config/schema/upstream-settings.js';
import { GuardrailService } from '../../gen/guardrail/v1/guardrail_pb.js';
import type { Route } from '../../contract/route.js';
import { EXIT_CONFIG, type Terminal } from '../terminal.js';
import type { CliContext } from '../cli-context.js';
import { type CheckLine, printChecks } from './check-line.js';
import type { ProbeLimits } from './endpoint-checks.js';
import { checkUpstream } from './grpc-checks.js';
import { checkIssuers } from './issuer-checks.js';
import { measureReference } from './reference.js';
import { checkProcess, readProcessLimits } from './process-checks.js';
import { checkRedis } from './redis-checks.js';

export interface DoctorOptions extends ProbeLimits {
  readonly json: boolean;
  /** Print only checks that are not ok. */
  readonly brief?: boolean;
}

/** Checks all dependencies of the gateway from where it runs. Resolves to the exit code: 69 when a check failed, 78 for invalid settings. */
export async function doctor(context: CliContext, terminal: Terminal, options: DoctorOptions): Promise<number> {
  const { problems } = context.inspection;
  if (problems.length > 0) {
    for (const problem of problems) terminal.err(formatProblem(problem));
    return EXIT_CONFIG;
  }
  const lines = await examine(parseEnvironment(context.env), context.routes, options);
  const shown = options.brief === true ? lines.filter(({ status }) => status !== 'ok') : lines;
  return printChecks(shown, terminal, options);
}

/** Runs all checks concurrently; each takes at most a few times `timeoutMs`. Never rejects. */
export async function examine(
  config: GatewayConfig,
  routes: readonly Route[],
  { timeoutMs, slowMs }: ProbeLimits,
): Promise<CheckLine[]> {
  const limits = { timeoutMs, slowMs, reference: measureReference(timeoutMs) };
  const lines = await Promise.all([
    ...[...config.upstreams.values()].map((upstream) =>
      checkUpstream({ upstream, grpc: config.grpc, methods: methodsOf(upstream.name, routes) }, limits),
    ),
    ...(config.redis === undefined ? [] : [checkRedis(config.redis, limits)]),
    ...checkIssuers(config, limits),
  ]);
  return [...lines.flat(), ...config.absentUpstreams.map(absentLine), ...checkProcess(config, readProcessLimits())];
}

function absentLine(name: string): CheckLine {
  const detail = `${upstreamVariables(name).url} is none: its routes, and everything that depends on it, are absent`;
  return { subject: `upstream ${name}`, step: 'address', status: 'info', detail };
}

/** Returns the RPCs that an upstream must have, each once: the mounted ones, or the checks of a guardrail. */
export function methodsOf(upstream: string, routes: readonly Route[]) {
  if (upstream === GUARDRAIL) return GuardrailService.methods;
  return [...new Set(routes.filter(({ method }) => method.upstream === upstream).map(({ desc }) => desc))];
}

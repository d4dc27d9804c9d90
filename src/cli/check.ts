import { formatProblem } from '../config/config-error.js';
import { parseEnvironment } from '../config/environment.js';
import type { GatewayConfig } from '../config/gateway-config.js';
import { methodProblems } from '../config/method-invariants.js';
import { redactConfig } from '../config/redact-config.js';
import { reloadableSettings } from '../config/reloadable.js';
import {
  absentServiceWarnings,
  basePathWarnings,
  guardrailWarnings,
  unusedUpstreams,
} from '../config/route-warnings.js';
import { BUILT_IN_UPSTREAMS, GUARDRAIL, upstreamVariables } from '../config/schema/upstream-settings.js';
import { formatDuration } from '../config/unit-parsers.js';
import type { Environment } from '../config/variables.js';
import { configWarnings } from '../config/warnings.js';
import { ruleWarnings } from '../contract/api-config/rule-warnings.js';
import { describeProblem } from '../contract/contract-problem.js';
import { contractWarnings } from '../contract/contract-warnings.js';
import { contractProblems, fileProblems, moduleProblems } from '../startup-checks.js';
import { upstreamNameWarnings, type UpstreamSettings } from '../upstream-checks.js';
import type { CliContext } from './cli-context.js';
import { featuresIn } from './gateway-routes.js';
import { EXIT_CONFIG, formatTable, type Terminal } from './terminal.js';
import { upstreamNaming } from './upstream-naming.js';

/** Prints all problems of settings and contracts that would keep the gateway from starting, or a summary. Returns the exit code. */
export async function check(
  context: CliContext,
  terminal: Terminal,
  options: { readonly print: boolean },
): Promise<number> {
  const config = context.inspection.problems.length === 0 ? parseEnvironment(context.env) : undefined;
  const contracts = await contractProblems(context.descriptors, {
    json: jsonOf(context),
    features: featuresIn(context),
  });
  const problems = [
    ...[
      ...context.inspection.problems,
      ...context.moduleProblems,
      ...moduleProblems(context.modules, settingsOf(context)),
    ].map(formatProblem),
    ...context.descriptorProblems,
    ...contracts.map(describeProblem),
    ...(config === undefined ? [] : [...methodProblems(methodsOf(context), config), ...fileProblems(config)]).map(
      formatProblem,
    ),
  ];
  for (const problem of problems) terminal.err(problem);
  if (config === undefined || problems.length > 0) {
    terminal.err(`${problems.length} ${problems.length === 1 ? 'problem' : 'problems'}: the gateway would not start`);
    return EXIT_CONFIG;
  }
  const templates = context.routes.map(({ template }) => template);
  const warnings = [
    ...configWarnings(config, context.env),
    ...unusedUpstreams(methodsOf(context), config),
    ...upstreamNameWarnings(context.descriptors, config),
    ...guardrailWarnings(methodsOf(context), config),
    ...absentServiceWarnings(methodsOf(context), config),
    ...basePathWarnings(templates, config),
  ];
  for (const warning of warnings) {
    terminal.err(`warning: ${formatProblem(warning)}`);
  }
  for (const warning of [...ruleWarnings(context.descriptors), ...contractWarnings(context.routes)])
    terminal.err(`warning: ${describeProblem(warning)}`);
  for (const line of summarise(context, config)) terminal.out(line);
  if (options.print) terminal.out(JSON.stringify(printed(config, context.env), null, 2));
  return 0;
}

/** Returns the effective settings, and the names of reloadable ones. */
function printed(config: GatewayConfig, env: Environment): object {
  return { ...redactConfig(config), reloadable: [...reloadableSettings(env)].toSorted() };
}

/** Returns the JSON limits of the settings, or any others when they are invalid, since contracts do not depend on them here. */
function jsonOf({ inspection: { settings } }: CliContext) {
  return {
    emitDefaults: settings.GATEWAY_JSON_EMIT_DEFAULTS ?? true,
    maxDepth: settings.GATEWAY_JSON_MAX_DEPTH ?? 64,
    maxKeys: settings.GATEWAY_JSON_MAX_KEYS ?? 1000,
    protoNames: settings.GATEWAY_JSON_FIELD_NAMES === 'proto',
    enumNumbers: settings.GATEWAY_JSON_ENUMS === 'numbers',
    ignoredQuery: settings.GATEWAY_IGNORED_QUERY ?? [],
  };
}

function settingsOf({ inspection: { upstreams, settings } }: CliContext): UpstreamSettings {
  const absentUpstreams = upstreams.filter(({ absent }) => absent).map(({ name }) => name);
  return { absentUpstreams, upstreamNames: settings.GATEWAY_UPSTREAMS ?? [] };
}

function methodsOf({ routes }: CliContext) {
  return routes.map(({ method }) => method);
}

function summarise(context: CliContext, config: GatewayConfig): string[] {
  const served = context.routes.filter(({ method }) => config.upstreams.has(method.upstream));
  const services = new Set(served.map(({ method }) => method.service));
  return [
    'configuration is valid',
    `${served.length} routes of ${services.size} services`,
    ...formatTable([...upstreamRows(context, config), ...absentRows(context, config)]).map((line) => `  ${line}`),
    ...headlessNotes(config),
  ];
}

/** Warns of Kubernetes Services: with an ordinary Service, which has one address, all calls go over one connection to one pod. */
function headlessNotes({ upstreams }: GatewayConfig): string[] {
  const names = [...upstreams.values()].filter(({ target }) => /^dns:.*\.svc(?:\.|:|$)/.test(target));
  if (names.length === 0) return [];
  const list = names.map(({ name }) => name).join(', ');
  return [`${list}: a Service resolves to the addresses of all its pods only if it is headless (clusterIP: None)`];
}

function upstreamRows(context: CliContext, { upstreams }: GatewayConfig): string[][] {
  return [...upstreams.values()].map(({ name, target, tls, timeoutMs }) => [
    name,
    `${context.env[upstreamVariables(name).url]} understood as ${target}`,
    tls.mode === 'insecure' ? 'plaintext' : tls.mode,
    `deadline ${formatDuration(timeoutMs)}`,
    servedBy(name, context),
  ]);
}

/** Lists the packages and services of an upstream, and the origin of its name if it is not the package. */
function servedBy(upstream: string, { routes, descriptors }: CliContext): string {
  const services = new Set(routes.filter(({ method }) => method.upstream === upstream).map(({ desc }) => desc.parent));
  const owners = [...services].map((service) => {
    const naming = upstreamNaming(service, descriptors);
    return naming.startsWith('package ') ? service.file.proto.package : `${service.typeName} by ${naming}`;
  });
  return owners.length === 0 ? '' : `serves ${[...new Set(owners)].join(', ')}`;
}

function absentRows(context: CliContext, { upstreams, absentUpstreams }: GatewayConfig): string[][] {
  const named = [...new Set([...BUILT_IN_UPSTREAMS, ...absentUpstreams])];
  return named
    .filter((name) => !upstreams.has(name))
    .map((name) => {
      const { url } = upstreamVariables(name);
      if (absentUpstreams.includes(name))
        return [name, `${url} is none: its routes, and everything that depends on it, are absent`];
      const routes = context.routes.filter(({ method }) => method.upstream === name);
      const absent = name === GUARDRAIL ? 'messages are not checked' : `its ${routes.length} routes do not exist`;
      return [name, `${url} is not set: ${absent}`];
    });
}

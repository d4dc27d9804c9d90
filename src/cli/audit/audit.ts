import { inspectEnvironment, parseEnvironment } from '../../config/environment.js';
import type { GatewayConfig } from '../../config/gateway-config.js';
import type { Environment } from '../../config/variables.js';
import { checkProcess, readProcessLimits } from '../doctor/process-checks.js';
import { EXIT_CONFIG, type Terminal } from '../terminal.js';
import type { CliContext } from '../cli-context.js';
import { auditContract } from './contract-rules.js';
import { type Finding, isAtLeast, printFindings, type Severity } from './finding.js';
import { auditManifests, type GatewayContainer } from './manifest-rules.js';
import { auditSettings } from './settings-rules.js';

export interface AuditOptions {
  /** Minimum severity for exit code 1; undefined: never. */
  readonly failOn: Severity | undefined;
  readonly json: boolean;
  /** Directory or file of manifests, whose settings are audited instead of the environment. */
  readonly manifests: string | undefined;
  /** IDs of accepted findings. */
  readonly ignore: readonly string[];
}

/** Prints findings in settings, contract and manifests. Returns the exit code: 1 for findings of `failOn` and worse, 78 when the manifests cannot be read. */
export function audit(context: CliContext, terminal: Terminal, options: AuditOptions): number {
  let found: Finding[];
  try {
    found = options.manifests === undefined ? auditProcess(context) : auditDeployment(context, options.manifests);
  } catch (error) {
    terminal.err(`the manifests cannot be read: ${error instanceof Error ? error.message : String(error)}`);
    return EXIT_CONFIG;
  }
  const findings = found.filter(({ id }) => !options.ignore.includes(id));
  printFindings(findings, terminal, options.json);
  const { failOn } = options;
  return failOn !== undefined && findings.some((finding) => isAtLeast(finding, failOn)) ? 1 : 0;
}

/** Audits the settings and limits of this process, and the contract. */
function auditProcess({ env, routes }: CliContext): Finding[] {
  const config = configOf(env);
  const limits = config === undefined ? [] : checkProcess(config, readProcessLimits());
  return [
    ...auditEnvironment(env, ''),
    ...auditContract(routes, config),
    ...limits
      .filter(({ status }) => status === 'warn' || status === 'fail')
      .map(({ step, status, detail, remedy = '' }): Finding => ({
        id: `process-${step}`,
        severity: status === 'fail' ? 'high' : 'medium',
        where: 'process',
        why: detail,
        fix: remedy,
      })),
  ];
}

function auditDeployment({ routes }: CliContext, path: string): Finding[] {
  const { findings, gateways } = auditManifests(path);
  return [
    ...findings,
    ...gateways.flatMap((gateway) => auditEnvironment(environmentOf(gateway), `${gateway.where}: `)),
    ...auditContract(
      routes,
      gateways.map((gateway) => configOf(environmentOf(gateway))).find((config) => config),
    ),
  ];
}

/** Returns the environment of a container. The image sets NODE_ENV=production (Dockerfile); values from other sources are unknown. */
function environmentOf({ env }: GatewayContainer): Environment {
  return { NODE_ENV: 'production', ...env };
}

/** Returns undefined for settings that the gateway does not start with. */
function configOf(env: Environment): GatewayConfig | undefined {
  return inspectEnvironment(env).problems.length === 0 ? parseEnvironment(env) : undefined;
}

function auditEnvironment(env: Environment, prefix: string): Finding[] {
  const { problems } = inspectEnvironment(env);
  if (problems.length === 0) {
    return auditSettings(parseEnvironment(env)).map((finding) => ({ ...finding, where: prefix + finding.where }));
  }
  return problems.map((problem) => ({
    id: 'settings-invalid',
    severity: 'critical',
    where: prefix + problem.name,
    why: `the gateway refuses to start: ${problem.reason}`,
    fix: problem.hint,
  }));
}

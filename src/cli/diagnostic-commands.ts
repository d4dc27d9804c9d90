import { type Command, InvalidArgumentError, Option } from 'commander';
import { duration } from '../config/unit-parsers.js';
import { writeDiagnostics } from './diag/diag.js';
import { doctor } from './doctor/doctor.js';
import { adminOf, metricsUrlOf, type RunningGatewayOptions } from './running-gateway.js';
import { reloadGateway } from './reload.js';
import type { Terminal } from './terminal.js';
import { triage } from './triage/triage.js';
import { askUpstream, UPSTREAM_QUESTIONS, type UpstreamOptions } from './upstream.js';
import type { CliContext } from './cli-context.js';

export interface EnvOption {
  readonly env?: string;
  readonly policy?: string;
}

/** Exit code of the last command. */
export interface Outcome {
  exitCode: number;
}

/** Dependencies of the commands. */
export interface ProgramParts {
  readonly terminal: Terminal;
  readonly outcome: Outcome;
  readonly context: (options: EnvOption) => Promise<CliContext>;
}

export const ENV_OPTION = ['--env <file>', 'read settings only from this file, not from the environment'] as const;
export const POLICY_OPTION = ['--policy <file>', 'policy file, in place of GATEWAY_POLICY_FILE'] as const;
export const ADMIN_OPTION = ['--url <url>', 'admin listener of the running gateway', parseUrl] as const;
/** Timeout of a probe, and the time above which it is slow. */
export const PROBE_LIMITS = { timeoutMs: 5_000, slowMs: 1_000 };

const METRICS_OPTION = ['--metrics <url>', 'port of the running gateway with /metrics and /health', parseUrl] as const;
/** Timeout of a reload, during which the gateway compiles contracts and fetches keys. */
const RELOAD_TIMEOUT_MS = 35_000;
const INTERVAL_MS = 5_000;
const PROFILE_SECONDS = 5;
const MAX_PROFILE_SECONDS = 60;
const DURATION = duration({ min: 1 });

interface ProbeOptions extends EnvOption {
  readonly timeout: number;
  readonly slow: number;
}

interface TriageCommand extends ProbeOptions, RunningGatewayOptions {
  readonly interval: number;
  readonly json: boolean;
  readonly probe: boolean;
}

interface DiagCommand extends EnvOption, RunningGatewayOptions {
  readonly timeout: number;
  readonly output?: string;
  readonly profile?: number | true;
}

/** Adds the commands that connect to a running gateway or to its dependencies. */
export function addDiagnosticCommands(program: Command, parts: ProgramParts): void {
  addDoctor(program, parts);
  addUpstream(program, parts);
  addTriage(program, parts);
  addDiag(program, parts);
  addReload(program, parts);
}

function addReload(program: Command, { terminal, outcome, context }: ProgramParts): void {
  program
    .command('reload')
    .description('make a running gateway reload settings, contracts and keys; exit 78 if it rejects them')
    .option(...ENV_OPTION)
    .option(...ADMIN_OPTION)
    .action(async (options: EnvOption & { url?: string }) => {
      const admin = adminOf(await context(options), options.url, { timeoutMs: RELOAD_TIMEOUT_MS, access: 'change' });
      outcome.exitCode = await reloadGateway(admin, terminal);
    });
}

function addDoctor(program: Command, { terminal, outcome, context }: ProgramParts): void {
  withProbeOptions(program.command('doctor'))
    .description(
      'check all dependencies of the gateway from here: DNS, TCP, TLS, health, contract, Redis, keys, clock, limits',
    )
    .option('--json', 'as JSON', false)
    .action(async ({ timeout, slow, json, ...options }: ProbeOptions & { json: boolean }) => {
      outcome.exitCode = await doctor(await context(options), terminal, { timeoutMs: timeout, slowMs: slow, json });
    });
}

function addUpstream(program: Command, { terminal, outcome, context }: ProgramParts): void {
  withProbeOptions(program.command('upstream <name>'))
    .description('probe one upstream from here: its services by reflection, its health, its latency')
    .addOption(new Option('--only <question>', 'limit the probe to this').choices(UPSTREAM_QUESTIONS).default('all'))
    .action(
      async (
        name: string,
        { timeout, slow, only, ...options }: ProbeOptions & { only: UpstreamOptions['question'] },
      ) => {
        const limits = { timeoutMs: timeout, slowMs: slow, question: only };
        outcome.exitCode = await askUpstream(await context(options), terminal, name, limits);
      },
    );
}

function addTriage(program: Command, { terminal, outcome, context }: ProgramParts): void {
  withProbeOptions(program.command('triage'))
    .description('name the likely cause of trouble at a running gateway: backends, traffic, resources, changes, traces')
    .option(...ADMIN_OPTION)
    .option(...METRICS_OPTION)
    .option('--interval <duration>', 'time between the two scrapes of the metrics', parseDuration, INTERVAL_MS)
    .option('--no-probe', 'use only information from the gateway')
    .option('--json', 'as JSON', false)
    .action(async (options: TriageCommand) => {
      const { timeout, slow, interval, json, probe } = options;
      const settings = await context(options);
      outcome.exitCode = await triage(settings, terminal, adminOf(settings, options.url, { timeoutMs: timeout }), {
        metricsUrl: metricsUrlOf(settings, options.metrics),
        intervalMs: interval,
        timeoutMs: timeout,
        slowMs: slow,
        json,
        probe,
      });
    });
}

function addDiag(program: Command, { terminal, outcome, context }: ProgramParts): void {
  program
    .command('diag')
    .description(
      'write one archive for a ticket: versions, settings without secrets, metrics, requests in flight, circuit breakers, errors',
    )
    .option(...ENV_OPTION)
    .option(...ADMIN_OPTION)
    .option(...METRICS_OPTION)
    .option('-o, --output <file>', 'path of the archive; default: gateway-diag-<time>.tar.gz')
    .option('--profile [seconds]', `include a CPU profile; default: ${PROFILE_SECONDS}s`, parseSeconds)
    .option('--timeout <duration>', 'timeout of one request', parseDuration, PROBE_LIMITS.timeoutMs)
    .action(async (options: DiagCommand) => {
      const settings = await context(options);
      outcome.exitCode = await writeDiagnostics(terminal, {
        context: settings,
        admin: adminOf(settings, options.url, { timeoutMs: options.timeout }),
        metricsUrl: metricsUrlOf(settings, options.metrics),
        timeoutMs: options.timeout,
        profileSeconds: options.profile === true ? PROFILE_SECONDS : (options.profile ?? 0),
        file: options.output,
      });
    });
}

function withProbeOptions(command: Command): Command {
  return command
    .option(...ENV_OPTION)
    .option('--timeout <duration>', 'timeout of one probe', parseDuration, PROBE_LIMITS.timeoutMs)
    .option('--slow <duration>', 'time above which a response is slow', parseDuration, PROBE_LIMITS.slowMs);
}

function parseSeconds(raw: string): number {
  const seconds = Number(raw);
  if (Number.isInteger(seconds) && seconds >= 1 && seconds <= MAX_PROFILE_SECONDS) return seconds;
  throw new InvalidArgumentError(`write a whole number from 1 to ${MAX_PROFILE_SECONDS}`);
}

function parseDuration(raw: string): number {
  try {
    return DURATION.parse(raw);
  } catch (error) {
    throw new InvalidArgumentError(error instanceof Error ? error.message : String(error));
  }
}

function parseUrl(raw: string): string {
  if (/^https?:$/.test(URL.parse(raw)?.protocol ?? '')) return raw;
  throw new InvalidArgumentError('write it as http://127.0.0.1:6060');
}

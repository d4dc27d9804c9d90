import { type Command, InvalidArgumentError } from 'commander';
import { duration } from '../config/quantities.js';
import { doctor } from './doctor/doctor.js';
import type { Terminal } from './terminal.js';
import type { World } from './world.js';

export interface EnvOption {
  readonly env?: string;
}

/** Exit code of the last command, beside what it wrote. */
export interface Outcome {
  exitCode: number;
}

/** What the commands share. */
export interface CliContext {
  readonly terminal: Terminal;
  readonly outcome: Outcome;
  readonly world: (options: EnvOption) => Promise<World>;
}

export const ENV_OPTION = ['--env <file>', 'take the settings from this file alone, not from the environment'] as const;
/** How long a probe may take, and when it is slow. */
export const PROBE_LIMITS = { timeoutMs: 5_000, slowMs: 1_000 };

const DURATION = duration({ min: 1 });

interface ProbeOptions extends EnvOption {
  readonly timeout: number;
  readonly slow: number;
  readonly json: boolean;
}

/** Adds the commands that look at a gateway and what is around it while they run. */
export function addDiagnosticCommands(program: Command, context: CliContext): void {
  addDoctor(program, context);
}

function addDoctor(program: Command, { terminal, outcome, world }: CliContext): void {
  withProbeOptions(program.command('doctor'))
    .description(
      'try all that the gateway depends on, from here: DNS, TCP, TLS, health, contract, Redis, keys, clock, limits',
    )
    .action(async ({ timeout, slow, json, ...options }: ProbeOptions) => {
      outcome.exitCode = await doctor(await world(options), terminal, { timeoutMs: timeout, slowMs: slow, json });
    });
}

function withProbeOptions(command: Command): Command {
  return command
    .option(...ENV_OPTION)
    .option('--timeout <duration>', 'longest wait of one probe', parseDuration, PROBE_LIMITS.timeoutMs)
    .option('--slow <duration>', 'an answer that takes longer is slow', parseDuration, PROBE_LIMITS.slowMs)
    .option('--json', 'as JSON', false);
}

function parseDuration(raw: string): number {
  try {
    return DURATION.parse(raw);
  } catch (error) {
    throw new InvalidArgumentError(error instanceof Error ? error.message : String(error));
  }
}

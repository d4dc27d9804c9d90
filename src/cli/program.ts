import { Command } from 'commander';
import { processEnvironment } from '../config/read-config.js';
import type { Environment } from '../config/variables.js';
import { check } from './check.js';
import { clearCache } from './clear-cache.js';
import { writeDocs } from './docs/write-docs.js';
import { explain } from './explain.js';
import { listRoutes } from './routes.js';
import {
  addDiagnosticCommands,
  ADMIN_OPTION,
  type ProgramParts,
  ENV_OPTION,
  type EnvOption,
  type Outcome,
  POLICY_OPTION,
  PROBE_LIMITS,
} from './diagnostic-commands.js';
import { explainRequest } from './explain-request.js';
import { addMock } from './mock-command.js';
import { addInitCommands } from './init/init-commands.js';
import { addInspectionCommands } from './inspection-commands.js';
import { adminOf } from './running-gateway.js';
import { StandardInputError } from './standard-input.js';
import { doctor } from './doctor/doctor.js';
import { addStart } from './start-command.js';
import { EXIT_CONFIG, type Terminal } from './terminal.js';
import { EnvFileError, readEnvFile, readCliContext, type CliContext } from './cli-context.js';
import { VERSION } from '../version.js';

/** Runs a command line. Resolves to the exit code. @param argv without the two leading entries of process.argv. */
export async function run(args: readonly string[], terminal: Terminal, env = processEnvironment()): Promise<number> {
  const outcome: Outcome = { exitCode: 0 };
  try {
    await buildProgram(terminal, env, outcome).parseAsync(args, { from: 'user' });
  } catch (error) {
    if (!(error instanceof EnvFileError || error instanceof StandardInputError)) throw error;
    terminal.err(error.message);
    return error instanceof EnvFileError ? EXIT_CONFIG : 1;
  }
  return outcome.exitCode;
}

function buildProgram(terminal: Terminal, env: Environment, outcome: Outcome): Command {
  const context = ({ env: file, policy }: EnvOption): Promise<CliContext> => {
    const given = file === undefined ? env : readEnvFile(file);
    return readCliContext(policy === undefined ? given : { ...given, GATEWAY_POLICY_FILE: policy });
  };
  const program = new Command('gateway')
    .description('Runs the gateway, and inspects its settings and contracts.')
    .version(VERSION);
  addCheck(program, { terminal, outcome, context });
  addDiagnosticCommands(program, { terminal, outcome, context });
  addInspectionCommands(program, { terminal, outcome, context });
  program
    .command('routes')
    .description('list the routes with their RPC, access, permissions and timeout')
    .option(...ENV_OPTION)
    .option(...POLICY_OPTION)
    .option('--json', 'as JSON', false)
    .action(async (options: EnvOption & { json: boolean }) => {
      outcome.exitCode = listRoutes(await context(options), terminal, options);
    });
  addStart(program);
  addInitCommands(program, { terminal, outcome, context });
  addMock(program, { terminal, outcome, context });
  addExplain(program, { terminal, outcome, context });
  program
    .command('cache')
    .description('manage the data of the instances in Redis')
    .command('clear')
    .description('remove the cached responses of all instances, and nothing else')
    .option(...ENV_OPTION)
    .action(async (options: EnvOption) => {
      outcome.exitCode = await clearCache(await context(options), terminal);
    });
  program
    .command('docs')
    .description('write the generated pages of docs/ and the generated manifests')
    .option('--check', 'write nothing; exit 1 when a file is stale', false)
    .action((options: { check: boolean }) => {
      outcome.exitCode = writeDocs(terminal, options);
    });
  return program;
}

function addCheck(program: Command, { terminal, outcome, context }: ProgramParts): void {
  program
    .command('check')
    .description('check whether the gateway would start; exit 78 with all problems if not')
    .option(...ENV_OPTION)
    .option(...POLICY_OPTION)
    .option('--print', 'print the effective settings too, secrets as fingerprints', false)
    .option('--live', 'also try every connection, and print failures', false)
    .action(async (options: EnvOption & { print: boolean; live: boolean }) => {
      outcome.exitCode = await check(await context(options), terminal, options);
      if (outcome.exitCode !== 0 || !options.live) return;
      outcome.exitCode = await doctor(await context(options), terminal, { ...PROBE_LIMITS, json: false, brief: true });
    });
}

function addExplain(program: Command, { terminal, outcome, context }: ProgramParts): void {
  program
    .command('explain <verb> [path]')
    .description(
      'explain how a request would be handled: route, policy, RPC, upstream, deadline, pipeline; or, with --url and a request ID, how one was handled',
    )
    .option(...ENV_OPTION)
    .option(...POLICY_OPTION)
    .option(...ADMIN_OPTION)
    .action(async (verb: string, path: string | undefined, options: EnvOption & { url?: string }) => {
      if (path !== undefined) outcome.exitCode = explain(await context(options), terminal, { verb, path });
      else if (options.url === undefined) {
        terminal.err('give a method and a path, or --url and a request ID');
        outcome.exitCode = 1;
      } else {
        const admin = adminOf(await context(options), options.url, PROBE_LIMITS);
        outcome.exitCode = await explainRequest(admin, terminal, verb);
      }
    });
}

import { type Command, Option } from 'commander';
import { audit } from './audit/audit.js';
import { SEVERITIES, type Severity } from './audit/finding.js';
import { type ProgramParts, ENV_OPTION, type EnvOption, POLICY_OPTION, PROBE_LIMITS } from './diagnostic-commands.js';
import { reportOutbox } from './outbox-report.js';
import { readStandardInput } from './standard-input.js';
import { explainToken } from './token/explain-token.js';
import { addTokenIssue } from './token/issue-command.js';

interface AuditCommand extends EnvOption {
  readonly failOn?: Severity;
  readonly json: boolean;
  readonly manifests?: string;
  readonly ignore: string[];
}

/** Adds the commands that judge what they are given: settings, a token, a shelf. */
export function addInspectionCommands(program: Command, parts: ProgramParts): void {
  addAudit(program, parts);
  addToken(program, parts);
  addOutbox(program, parts);
}

function addAudit(program: Command, { terminal, outcome, context }: ProgramParts): void {
  program
    .command('audit')
    .description('grade what settings, contract and manifests leave open')
    .option(...ENV_OPTION)
    .option(...POLICY_OPTION)
    .option('--manifests <path>', 'directory or file of Kubernetes manifests, whose settings are judged instead')
    .addOption(new Option('--fail-on <severity>', 'exit 1 for findings of this severity and worse').choices(SEVERITIES))
    .option('--ignore <id...>', 'findings that are known and accepted', [])
    .option('--json', 'as JSON', false)
    .action(async ({ failOn, json, manifests, ignore, ...options }: AuditCommand) => {
      outcome.exitCode = audit(await context(options), terminal, { failOn, json, manifests, ignore });
    });
}

function addToken(program: Command, { terminal, outcome, context }: ProgramParts): void {
  const tokens = program.command('token').description('look at access tokens, or sign one to try things out');
  addTokenIssue(tokens, { terminal, outcome, context });
  tokens
    .command('explain [token]')
    .description('say which checks an access token passes; it is read from standard input and never printed')
    .option(...ENV_OPTION)
    .option('--json', 'as JSON', false)
    .action(async (given: string | undefined, { json, ...options }: EnvOption & { json: boolean }) => {
      const isArgument = given !== undefined && given !== '-';
      if (isArgument) {
        terminal.err(
          'warning: arguments are seen by other users (ps) and kept in the history of the shell; use standard input',
        );
      }
      const token = isArgument ? given : await readStandardInput(terminal);
      const { timeoutMs } = PROBE_LIMITS;
      outcome.exitCode = await explainToken(await context(options), terminal, token, { json, timeoutMs });
    });
}

function addOutbox(program: Command, { terminal, outcome, context }: ProgramParts): void {
  program
    .command('outbox')
    .description('look after usage events that wait to be reported')
    .command('report')
    .description('say what is on the shelf, also beside a running gateway: records, oldest, bytes, by tenant')
    .option(...ENV_OPTION)
    .option('--directory <path>', 'the shelf, in place of GATEWAY_BUDGET_DEBIT_SHELF_DIR')
    .option('--json', 'as JSON', false)
    .action(async ({ json, directory, ...options }: EnvOption & { json: boolean; directory?: string }) => {
      outcome.exitCode = reportOutbox(await context(options), terminal, { json, directory });
    });
}

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

/** Adds the commands that inspect settings, tokens and the journal of usage events. */
export function addInspectionCommands(program: Command, parts: ProgramParts): void {
  addAudit(program, parts);
  addToken(program, parts);
  addOutbox(program, parts);
}

function addAudit(program: Command, { terminal, outcome, context }: ProgramParts): void {
  program
    .command('audit')
    .description('report security and reliability findings in settings, contract and manifests')
    .option(...ENV_OPTION)
    .option(...POLICY_OPTION)
    .option('--manifests <path>', 'directory or file of Kubernetes manifests, whose settings are audited instead')
    .addOption(new Option('--fail-on <severity>', 'exit 1 for findings of this severity and worse').choices(SEVERITIES))
    .option('--ignore <id...>', 'IDs of accepted findings', [])
    .option('--json', 'as JSON', false)
    .action(async ({ failOn, json, manifests, ignore, ...options }: AuditCommand) => {
      outcome.exitCode = audit(await context(options), terminal, { failOn, json, manifests, ignore });
    });
}

function addToken(program: Command, { terminal, outcome, context }: ProgramParts): void {
  const tokens = program.command('token').description('explain access tokens, or sign one for testing');
  addTokenIssue(tokens, { terminal, outcome, context });
  tokens
    .command('explain [token]')
    .description('show which checks an access token passes; it is read from standard input and never printed')
    .option(...ENV_OPTION)
    .option('--json', 'as JSON', false)
    .action(async (given: string | undefined, { json, ...options }: EnvOption & { json: boolean }) => {
      const isArgument = given !== undefined && given !== '-';
      if (isArgument) {
        terminal.err(
          'warning: arguments are visible to other users (ps) and kept in the shell history; use standard input',
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
    .description('inspect usage events that are waiting to be reported')
    .command('report')
    .description('report what is in the journal, even while a gateway uses it: records, oldest, bytes, by tenant')
    .option(...ENV_OPTION)
    .option('--directory <path>', 'directory of the journal, in place of GATEWAY_BUDGET_DEBIT_SHELF_DIR')
    .option('--json', 'as JSON', false)
    .action(async ({ json, directory, ...options }: EnvOption & { json: boolean; directory?: string }) => {
      outcome.exitCode = reportOutbox(await context(options), terminal, { json, directory });
    });
}

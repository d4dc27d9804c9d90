import { type Command, InvalidArgumentError } from 'commander';
import { duration } from '../../config/quantities.js';
import { issueToken } from '../../testing/issue-token.js';
import { type CliContext, ENV_OPTION, type EnvOption } from '../diagnostic-commands.js';
import { EXIT_CONFIG, type Terminal } from '../terminal.js';
import type { World } from '../world.js';

const HOUR_MS = 3_600_000;
const LIFE = duration({ min: 1_000 });

interface IssueCommand extends EnvOption {
  readonly subject: string;
  readonly tenant: string;
  readonly permissions: string[];
  readonly roles: string[];
  readonly expires: number;
}

/** Adds `gateway token issue`: a caller for a gateway that nobody signs in to yet. */
export function addTokenIssue(tokens: Command, { terminal, outcome, world }: CliContext): void {
  tokens
    .command('issue')
    .description('sign an access token with JWT_SECRET and print it: for trying things out, not for users')
    .option(...ENV_OPTION)
    .option('--subject <id>', 'who calls', 'tester')
    .option('--tenant <id>', 'for whom', 'acme')
    .option('--permissions <list>', 'what the caller may do, separated by commas', parseList, [])
    .option('--roles <list>', 'which roles it has, separated by commas', parseList, [])
    .option('--expires <duration>', 'how long it is valid', parseLife, HOUR_MS)
    .action(async (options: IssueCommand) => {
      outcome.exitCode = await issue(await world(options), terminal, options);
    });
}

async function issue({ inspection }: World, terminal: Terminal, options: IssueCommand): Promise<number> {
  const { JWT_SECRET: secret, JWT_AUDIENCE: audience = 'api-gateway', JWT_ISSUER: issuer } = inspection.settings;
  const unreadable = inspection.problems.find(({ name }) => name === 'JWT_SECRET');
  if (secret === undefined) {
    const reason = unreadable === undefined ? 'is not set' : unreadable.reason;
    terminal.err(`JWT_SECRET: ${reason}; with JWT_JWKS_URL only the issuer has the key: sign in there`);
    return EXIT_CONFIG;
  }
  const { subject, tenant, permissions, roles, expires } = options;
  const expiresIn = Math.ceil(expires / 1000);
  terminal.out(await issueToken({ secret, audience, issuer }, { subject, tenant, permissions, roles, expiresIn }));
  return 0;
}

function parseList(raw: string): string[] {
  return raw.split(/[,\s]+/).filter((word) => word !== '');
}

function parseLife(raw: string): number {
  try {
    return LIFE.parse(raw);
  } catch (error) {
    throw new InvalidArgumentError(error instanceof Error ? error.message : String(error));
  }
}

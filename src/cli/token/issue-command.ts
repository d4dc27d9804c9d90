import { type Command, InvalidArgumentError } from 'commander';
import type { ClaimPath } from '../../config/claim-path.js';
import type { Inspection } from '../../config/environment.js';
import { type PerIssuer, valueFor } from '../../config/per-issuer.js';
import { duration } from '../../config/unit-parsers.js';
import { issueToken } from '../../testing/issue-token.js';
import { type ProgramParts, ENV_OPTION, type EnvOption } from '../diagnostic-commands.js';
import { EXIT_CONFIG, type Terminal } from '../terminal.js';
import type { CliContext } from '../cli-context.js';

const HOUR_MS = 3_600_000;
const LIFE = duration({ min: 1_000 });

interface IssueCommand extends EnvOption {
  readonly subject: string;
  readonly tenant: string;
  readonly permissions: string[];
  readonly roles: string[];
  readonly expires: number;
}

/** Adds `gateway token issue`, for a gateway without sign-in yet. */
export function addTokenIssue(tokens: Command, { terminal, outcome, context }: ProgramParts): void {
  tokens
    .command('issue')
    .description('sign an access token with JWT_SECRET and print it; for testing, not for users')
    .option(...ENV_OPTION)
    .option('--subject <id>', 'who calls', 'tester')
    .option('--tenant <id>', 'for whom', 'acme')
    .option('--permissions <list>', 'permissions of the caller, separated by commas', parseList, [])
    .option('--roles <list>', 'roles of the caller, separated by commas', parseList, [])
    .option('--expires <duration>', 'lifetime of the token', parseLife, HOUR_MS)
    .action(async (options: IssueCommand) => {
      outcome.exitCode = await issue(await context(options), terminal, options);
    });
}

async function issue({ inspection }: CliContext, terminal: Terminal, options: IssueCommand): Promise<number> {
  const { settings, problems } = inspection;
  const { JWT_SECRET: secret, JWT_AUDIENCE: audience = 'api-gateway', JWT_ISSUER: issuer } = settings;
  if (secret === undefined) {
    const reason = problems.find(({ name }) => name === 'JWT_SECRET')?.reason ?? 'is not set';
    terminal.err(`JWT_SECRET: ${reason}; with JWT_JWKS_URL only the issuer can sign tokens: sign in there`);
    return EXIT_CONFIG;
  }
  const { subject, tenant, permissions, roles, expires } = options;
  const claims = placeClaims(settings, { ...options, audience });
  const holder = { subject, tenant, permissions, roles, expiresIn: Math.ceil(expires / 1000), claims };
  terminal.out(await issueToken({ secret, audience, issuer }, holder));
  return 0;
}

/** Sets the claims that the settings read (GATEWAY_JWT_CLAIM_*): the first of the paths of each. */
function placeClaims(
  settings: Inspection['settings'],
  { subject, tenant, permissions, roles, audience }: IssueCommand & { readonly audience: string },
): Readonly<Record<string, unknown>> {
  const claims = Object.create(null) as Record<string, unknown>;
  const place = (named: PerIssuer<readonly ClaimPath[]> | undefined, value: string | readonly string[]) => {
    const [path] = valueFor(named ?? [], settings.JWT_ISSUER) ?? [];
    // Scopes are one string (RFC 8693 4.2).
    const isScope = path?.text === 'scope' && typeof value === 'object';
    if (path !== undefined) setAt(claims, path.names, isScope ? value.join(' ') : value);
  };
  place(settings.GATEWAY_JWT_CLAIM_SUBJECT, subject);
  place(settings.GATEWAY_JWT_CLAIM_TENANT, tenant);
  place(settings.GATEWAY_JWT_CLAIM_ROLES, roles);
  place(settings.GATEWAY_JWT_CLAIM_PERMISSIONS, permissions);
  place(settings.GATEWAY_JWT_CLAIM_AUDIENCE, audience);
  return claims;
}

function setAt(claims: Record<string, unknown>, names: readonly string[], value: unknown): void {
  const [name = '', ...rest] = names;
  if (rest.length === 0) claims[name] = value;
  else setAt((claims[name] ??= Object.create(null)) as Record<string, unknown>, rest, value);
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

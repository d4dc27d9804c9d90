import type { INestApplicationContext } from '@nestjs/common';
import { JwtAuthenticator } from '../../../access/jwt-authenticator.js';
import { PermissionBits } from '../../../access/permission-bits.js';
import { Contract } from '../../../contract/contract.js';
import { Revocation } from '../../../domain/revocation.js';
import { TenantEntitlements } from '../../../traffic/entitlements.js';
import type { AdminCommands } from '../admin-commands.js';
import type { StateSources } from '../state/state-commands.js';
import { DryRun } from './dry-run.js';
import type { DryRunCommand } from './dry-run-messages.js';
import type { DescribedRequest } from './dry-run-routes.js';

/** Returns the command that decides described requests with the parts of a running gateway. */
export function dryRunCommands(app: INestApplicationContext, sources: StateSources): AdminCommands<DryRunCommand> {
  const dryRun = new DryRun({
    config: sources.config,
    contract: app.get(Contract),
    bits: app.get(PermissionBits),
    entitlements: app.get(TenantEntitlements),
    limiter: sources.limits.limiter,
    protection: sources.upstreams.protection,
    tokens: app.get(JwtAuthenticator),
    revocation: sources.config.redis && app.get(Revocation),
  });
  // The worker has validated it.
  return { 'dry-run': ({ body }) => dryRun.run(body as unknown as DescribedRequest) };
}

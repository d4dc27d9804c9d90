import { GatewayError } from '../../../domain/errors.js';
import { CallContext } from '../../../domain/call-context.js';
import { NO_TRACE } from '../../../domain/trace-context.js';
import { describeRoute } from '../state/show-routes.js';
import { DryRunChecks, type DryRunSources, type Step } from './dry-run-checks.js';
import type { Identity } from './dry-run-identity.js';
import type { DescribedRequest } from './dry-run-routes.js';
import type { INestApplicationContext } from '@nestjs/common';
import { JwtAuthenticator } from '../../../access/jwt-authenticator.js';
import { PermissionBits } from '../../../access/permission-bits.js';
import { Contract } from '../../../contract/contract.js';
import { Revocation } from '../../../domain/revocation.js';
import { TenantEntitlements } from '../../../traffic/entitlements.js';
import type { AdminCommands, DryRunCommand } from '../admin-messages.js';
import type { StateSources } from '../state/state-commands.js';

/** Decides what would happen to a described request. Sends, counts and takes nothing. */
export class DryRun {
  constructor(private readonly sources: DryRunSources) {}

  /** Resolves to the decision; does not reject for errors that a client could get. */
  async run(request: DescribedRequest): Promise<object> {
    const { config } = this.sources;
    const now = performance.now();
    const call = new CallContext('dry-run', NO_TRACE, now, now + config.timeouts.requestMs);
    const checks = new DryRunChecks(this.sources, request, call);
    const steps: object[] = [];
    let refused: GatewayError | undefined;
    for (const [name, step] of checks.steps()) {
      const { note, error } = await outcomeOf(step);
      steps.push({ step: name, outcome: error === undefined ? 'passed' : 'refused', note });
      refused = error;
      if (error !== undefined) break;
    }
    return {
      notice: 'Nothing was sent, counted or taken from a rate.',
      route: checks.rpc === undefined ? null : describeRoute(checks.rpc.route, config),
      identity: describeIdentity(checks.identity),
      decision: describeDecision(call, refused),
      steps,
      limits: checks.limits,
      request: checks.upstreamRequest,
    };
  }
}

async function outcomeOf(step: Step): Promise<{ readonly note: string | null; readonly error?: GatewayError }> {
  try {
    return { note: (await step()) ?? null };
  } catch (thrown) {
    const error = GatewayError.from(thrown);
    if (error.code === 'INTERNAL') throw thrown;
    return { note: error.detail, error };
  }
}

function describeIdentity(identity: Identity | undefined): object | null {
  if (identity?.principal === undefined) return identity === undefined ? null : { source: identity.source };
  const { subject, tenantId, roles, permissions } = identity.principal;
  return {
    source: identity.source,
    isVerified: identity.source === 'token',
    subject,
    tenantId,
    roles,
    permissions: permissions ?? null,
  };
}

function describeDecision(call: CallContext, refused: GatewayError | undefined): object {
  return {
    allowed: refused === undefined,
    status: refused?.status ?? null,
    code: refused?.code ?? null,
    detail: refused?.detail ?? null,
    errors: refused?.errors ?? [],
    reason: refused?.decisionReason ?? call.decisionReason ?? null,
  };
}

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

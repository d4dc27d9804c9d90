import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { CallContext } from '../domain/call-context.js';
import { GatewayError } from '../domain/errors.js';
import { type Entitlements, TenantEntitlements } from '../traffic/entitlements.js';
import { guardedRequest } from './guarded-request.js';

/**
 * Lets nobody past without a tenant of their own that is in good standing. The tenant comes from the verified identity
 * alone, never from the request.
 * A tenant of which nothing is known passes while TenantService is away (docs/decisions/0010).
 */
@Injectable()
export class TenantGuard implements CanActivate {
  constructor(private readonly entitlements: TenantEntitlements) {}

  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    const { call } = guardedRequest(context);
    if (call.policy?.access === 'OPEN') return true;
    if (call.tenantId === '') {
      throw new GatewayError('PERMISSION_DENIED', 'The credential belongs to no tenant.', {
        decisionReason: 'TENANT_MISSING',
      });
    }
    const found = this.entitlements.find(call);
    return found instanceof Promise ? this.wait(call, found) : isInGoodStanding(found);
  }

  private async wait(call: CallContext, pending: Promise<Entitlements | undefined>): Promise<boolean> {
    const begun = performance.now();
    const found = await pending;
    call.authzMs = performance.now() - begun;
    return isInGoodStanding(found);
  }
}

function isInGoodStanding(entitlements: Entitlements | undefined): true {
  if (entitlements?.suspended !== true) return true;
  throw tenantSuspended();
}

/** The refusal of all callers of a tenant that is not in good standing. */
export function tenantSuspended(): GatewayError {
  return new GatewayError('TENANT_SUSPENDED', "The caller's tenant is suspended.", {
    decisionReason: 'TENANT_SUSPENDED',
  });
}

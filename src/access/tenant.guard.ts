import { Injectable } from '@nestjs/common';
import type { CallContext } from '../domain/call-context.js';
import { GatewayError } from '../domain/errors.js';
import { type Entitlements, TenantEntitlements } from '../traffic/entitlements.js';
import { GatewayGuard } from './gateway-guard.js';
import type { GuardedRequest } from './guarded-request.js';

/**
 * Lets nobody past without a tenant of their own that is in good standing. The tenant comes from the verified identity
 * alone, never from the request.
 * A tenant of which nothing is known passes while TenantService is away (docs/decisions/0010).
 */
@Injectable()
export class TenantGuard extends GatewayGuard {
  constructor(private readonly entitlements: TenantEntitlements) {
    super();
  }

  before({ call }: GuardedRequest): void | Promise<void> {
    if (call.policy?.access === 'OPEN') return;
    if (call.tenantId === '') {
      throw new GatewayError('PERMISSION_DENIED', 'The credential belongs to no tenant.', {
        decisionReason: 'TENANT_MISSING',
      });
    }
    const found = this.entitlements.find(call);
    if (found instanceof Promise) return this.wait(call, found);
    refuseSuspended(found);
  }

  private async wait(call: CallContext, pending: Promise<Entitlements | undefined>): Promise<void> {
    const begun = performance.now();
    const found = await pending;
    call.authzMs = performance.now() - begun;
    refuseSuspended(found);
  }
}

function refuseSuspended(entitlements: Entitlements | undefined): void {
  if (entitlements?.suspended === true) throw tenantSuspended();
}

/** The refusal of all callers of a tenant that is not in good standing. */
export function tenantSuspended(): GatewayError {
  return new GatewayError('TENANT_SUSPENDED', "The caller's tenant is suspended.", {
    decisionReason: 'TENANT_SUSPENDED',
  });
}

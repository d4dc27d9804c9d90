import { Injectable } from '@nestjs/common';
import type { CallContext } from '../domain/call-context.js';
import { GatewayError } from '../domain/errors.js';
import { type Entitlements, TenantEntitlements } from '../traffic/entitlements.js';
import { GatewayGuard, type GuardedRequest } from './gateway-guard.js';

/**
 * Rejects a caller without a tenant, or with a suspended one. The tenant comes only from the verified identity, never
 * from the request. A tenant whose entitlements are unknown passes while TenantService cannot be reached
 * (docs/decisions/0010).
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

/** Creates the error for all callers of a suspended tenant. */
export function tenantSuspended(): GatewayError {
  return new GatewayError('TENANT_SUSPENDED', "The caller's tenant is suspended.", {
    decisionReason: 'TENANT_SUSPENDED',
  });
}

import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { GatewayError } from '../domain/errors.js';
import { guardedRequest } from './guarded-request.js';

/** Lets nobody past without a tenant of their own. The tenant comes from the verified identity alone, never from the request. */
@Injectable()
export class TenantGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const { call } = guardedRequest(context);
    if (call.policy?.access === 'OPEN' || call.tenantId !== '') return true;
    throw new GatewayError('PERMISSION_DENIED', 'The credential belongs to no tenant.', {
      decisionReason: 'TENANT_MISSING',
    });
  }
}

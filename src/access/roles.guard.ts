import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { CallContext } from '../domain/call-context.js';
import type { DecisionReason } from '../domain/decision-reason.js';
import { GatewayError } from '../domain/errors.js';
import { decide } from './decision.js';
import { guardedRequest } from './guarded-request.js';

/** Lets in whoever holds the permissions, or one of the roles, that the policy names. */
@Injectable()
export class RolesGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const { call } = guardedRequest(context);
    if (call.policy?.access !== 'OPEN') this.authorize(call);
    call.outcome = 'allow';
    return true;
  }

  private authorize(call: CallContext): void {
    const begun = performance.now();
    if (call.principal === undefined || call.policy === undefined) throw denied('ACCESS_LEVEL_MISSING');
    const decision = decide(call.principal, call.policy);
    call.authzMs = performance.now() - begun;
    if (!decision.allowed) throw denied(decision.reason);
    call.decisionReason = call.authCacheStale ? 'STALE_SESSION_SERVED' : decision.reason;
    call.crossTenant = decision.crossTenant;
  }
}

function denied(reason: DecisionReason): GatewayError {
  return new GatewayError('PERMISSION_DENIED', 'The caller lacks a permission that this endpoint requires.', {
    decisionReason: reason,
  });
}

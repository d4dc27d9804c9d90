import { Inject, Injectable, Optional } from '@nestjs/common';
import { GATEWAY_CONFIG } from '../config/config.token.js';
import type { GatewayConfig } from '../config/gateway-config.js';
import type { CallContext } from '../domain/call-context.js';
import { GatewayError } from '../domain/errors.js';
import type { Policy } from '../domain/policy.js';
import type { Principal } from '../domain/principal.js';
import { evaluate, type Decision, heldScope, describeMissing } from './decision.js';
import { GatewayGuard, type GuardedRequest } from './gateway-guard.js';
import { PermissionBits } from './permission-bits.js';
import { PermissionCheck } from './permission-check.js';

const DENIED = 'The caller lacks a permission that this endpoint requires.';

/** A caller, and the policy to check. */
interface AuthorizationInput {
  readonly principal: Principal;
  readonly policy: Policy;
  readonly begun: number;
}

/** Authorizes a caller who has the permissions, or one of the roles, that the policy requires. */
@Injectable()
export class RolesGuard extends GatewayGuard {
  constructor(
    private readonly bits: PermissionBits,
    @Inject(GATEWAY_CONFIG) private readonly config: Pick<GatewayConfig, 'authorization'>,
    /** Undefined without AuthService: a credential that does not state permissions then has none. */
    @Optional() @Inject(PermissionCheck) private readonly check?: PermissionCheck,
  ) {
    super();
  }

  before({ call }: GuardedRequest): void | Promise<void> {
    const { principal, policy } = call;
    if (policy?.access === 'OPEN') {
      call.outcome = 'allow';
      return;
    }
    if (principal === undefined || policy === undefined) throw denied(DENIED);
    const question = { principal, policy, begun: performance.now() };
    const { check } = this;
    if (check !== undefined && PermissionCheck.decides(principal, policy)) return this.ask(check, call, question);
    const byBits = this.bits.decide(principal, policy);
    call.bitmapAuthzUsed = byBits !== undefined;
    this.conclude(call, question, byBits ?? evaluate(principal, policy));
  }

  private async ask(check: PermissionCheck, call: CallContext, question: AuthorizationInput): Promise<void> {
    const { policy } = question;
    // The granted permissions are sent to the backend as well.
    const principal = (call.principal = await check.grant(call, question.principal, policy));
    this.conclude(call, { ...question, principal }, evaluate(principal, policy));
  }

  private conclude(call: CallContext, { principal, policy, begun }: AuthorizationInput, decision: Decision): void {
    call.authzMs += performance.now() - begun;
    if (!decision.allowed) {
      throw denied(this.config.authorization.exposeDetail ? `${DENIED} ${describeMissing(principal, policy)}` : DENIED);
    }
    call.decisionReason = call.authCacheStale ? 'STALE_SESSION_SERVED' : decision.reason;
    call.crossTenant = decision.crossTenant;
    call.privileged = policy.privileged !== undefined && holds(principal, policy.privileged.permission);
    call.outcome = 'allow';
  }
}

/** Evaluated per request without a cache: few RPCs have privileged fields, and they are writes. */
function holds({ permissions = [] }: Principal, required: string): boolean {
  return heldScope(permissions, required) !== undefined;
}

function denied(detail: string): GatewayError {
  return new GatewayError('PERMISSION_DENIED', detail, { decisionReason: 'ACCESS_LEVEL_MISSING' });
}

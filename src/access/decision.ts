import type { DecisionReason } from '../domain/decision-reason.js';
import type { Policy } from '../domain/policy.js';
import type { Principal } from '../domain/principal.js';
import { heldScope } from './permissions.js';

/** Result of applying a policy to a caller. */
export interface Decision {
  readonly reason: DecisionReason;
  readonly allowed: boolean;
  /** True if the caller may name another tenant: every required permission is held with the scope `all`. */
  readonly crossTenant: boolean;
}

/** All possible decisions. */
export const DECISIONS = Object.freeze({
  authenticated: { reason: 'AUTHENTICATED', allowed: true, crossTenant: false },
  byPermission: { reason: 'ACCESS_LEVEL_MATCH', allowed: true, crossTenant: false },
  acrossTenants: { reason: 'ACCESS_LEVEL_MATCH', allowed: true, crossTenant: true },
  byRole: { reason: 'ROLE_MATCH', allowed: true, crossTenant: false },
  missing: { reason: 'ACCESS_LEVEL_MISSING', allowed: false, crossTenant: false },
} satisfies Record<string, Decision>);

/**
 * Decides by comparing the grants: for policies outside the contract, and as the reference for {@link PermissionBits}.
 */
export function evaluate(principal: Principal, policy: Policy): Decision {
  if (policy.access === 'AUTHENTICATED') return DECISIONS.authenticated;
  const scopes = policy.permissions.map((required) => heldScope(principal.permissions ?? [], required));
  if (scopes.length > 0 && scopes.every((scope) => scope !== undefined)) {
    return scopes.every((scope) => scope === 'all') ? DECISIONS.acrossTenants : DECISIONS.byPermission;
  }
  return policy.roles.some((role) => principal.roles.includes(role)) ? DECISIONS.byRole : DECISIONS.missing;
}

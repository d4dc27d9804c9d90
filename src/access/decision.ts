import type { DecisionReason } from '../domain/decision-reason.js';
import type { Policy } from '../domain/policy.js';
import type { Principal } from '../domain/principal.js';
import { heldScope } from './permissions.js';

/** What a policy means for a caller. */
export interface Decision {
  readonly reason: DecisionReason;
  readonly allowed: boolean;
  /** The caller may name another tenant: every required permission is held with the scope `all`. */
  readonly crossTenant: boolean;
}

const AUTHENTICATED: Decision = { reason: 'AUTHENTICATED', allowed: true, crossTenant: false };
const BY_ROLE: Decision = { reason: 'ROLE_MATCH', allowed: true, crossTenant: false };
const MISSING: Decision = { reason: 'ACCESS_LEVEL_MISSING', allowed: false, crossTenant: false };

/** Decisions per caller and policy: a principal object lives as long as its cached token, so a grant is read once. */
const decisions = new WeakMap<Principal, Map<Policy, Decision>>();

/** Decides whether a caller may pass a policy. */
export function decide(principal: Principal, policy: Policy): Decision {
  let known = decisions.get(principal);
  if (known === undefined) decisions.set(principal, (known = new Map()));
  let decision = known.get(policy);
  if (decision === undefined) known.set(policy, (decision = evaluate(principal, policy)));
  return decision;
}

function evaluate(principal: Principal, policy: Policy): Decision {
  if (policy.access === 'AUTHENTICATED') return AUTHENTICATED;
  if (policy.permissions.length > 0) {
    const scopes = policy.permissions.map((required) => heldScope(principal.permissions, required));
    const allowed = scopes.every((scope) => scope !== undefined);
    if (allowed)
      return { reason: 'ACCESS_LEVEL_MATCH', allowed, crossTenant: scopes.every((scope) => scope === 'all') };
  }
  return policy.roles.some((role) => principal.roles.includes(role)) ? BY_ROLE : MISSING;
}

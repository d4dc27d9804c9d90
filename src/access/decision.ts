import { type Grant, parseGrant, type Scope, scopeRank } from '../domain/grant.js';
import type { DecisionReason } from '../domain/decision-reason.js';
import type { Policy } from '../domain/policy.js';
import type { Principal } from '../domain/principal.js';

/**
 * Returns the widest scope in which `granted` contains `required`, or undefined. The scope of the requirement is the
 * minimum.
 */
export function heldScope(granted: readonly string[], required: string): Scope | undefined {
  const need = parseGrant(required);
  if (need === undefined) return undefined;
  let widest: Scope | undefined;
  for (const text of granted) {
    const grant = parseGrant(text);
    if (grant === undefined || !satisfies(grant, need)) continue;
    if (widest === undefined || scopeRank(grant.scope) > scopeRank(widest)) widest = grant.scope;
  }
  return widest;
}

/** Returns true if one grant alone satisfies a requirement. */
export function satisfies(grant: Grant, need: Grant): boolean {
  return covers(grant, need) && scopeRank(grant.scope) >= scopeRank(need.scope);
}

function covers(grant: Grant, need: Grant): boolean {
  return matches(grant.resource, need.resource) && matches(grant.action, need.action);
}

function matches(pattern: string, value: string): boolean {
  return pattern === '*' || pattern === value;
}

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

/** Describes what an endpoint requires and what the caller lacks, for administrators who grant permissions. */
export function describeMissing({ permissions: granted = [] }: Principal, { permissions, roles }: Policy): string {
  const sentences: string[] = [];
  if (permissions.length > 0) {
    const missing = permissions.filter((required) => heldScope(granted, required) === undefined);
    sentences.push(`Required: ${permissions.join(', ')}. Missing: ${missing.join(', ')}.`);
  }
  if (roles.length > 0)
    sentences.push(`${sentences.length > 0 ? 'Or one of the' : 'One of the'} roles: ${roles.join(', ')}.`);
  return sentences.join(' ');
}

import { type Grant, parseGrant, type Scope, scopeRank } from '../domain/grant.js';

/** Widest scope in which a caller holds a permission; undefined if the caller does not hold it. */
export type HeldScope = Scope | undefined;

/**
 * Returns the widest scope in which `granted` contains `required`, or undefined. The scope of the requirement is the
 * minimum.
 */
export function heldScope(granted: readonly string[], required: string): HeldScope {
  const need = parseGrant(required);
  if (need === undefined) return undefined;
  let widest: HeldScope;
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

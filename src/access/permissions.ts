import { type Grant, parseGrant, type Scope, scopeRank } from '../domain/grant.js';

/** The widest scope in which a caller holds a permission; undefined when the caller does not hold it. */
export type HeldScope = Scope | undefined;

/** The widest scope in which `granted` holds `required`, or undefined. A requirement's own scope is the least that will do. */
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

/** Whether one grant alone is enough for a requirement. */
export function satisfies(grant: Grant, need: Grant): boolean {
  return covers(grant, need) && scopeRank(grant.scope) >= scopeRank(need.scope);
}

function covers(grant: Grant, need: Grant): boolean {
  return matches(grant.resource, need.resource) && matches(grant.action, need.action);
}

function matches(pattern: string, value: string): boolean {
  return pattern === '*' || pattern === value;
}

const SCOPES = ['own', 'tenant', 'all'] as const;
type Scope = (typeof SCOPES)[number];

/**
 * A permission by its parts: `user.read` and `user:read` have the scope `tenant`, `*` covers everything.
 * `own` is less than `tenant`: who may read only their own record may not call what reads any of the tenant's. An RPC
 * that is safe for them requires `user:read:own`, and its service, which knows whose record it is, decides the rest.
 */
export interface Grant {
  readonly resource: string;
  readonly action: string;
  readonly scope: Scope;
}

/** The widest scope in which a caller holds a permission; undefined when the caller does not hold it. */
export type HeldScope = Scope | undefined;

/**
 * Reads `resource.action`, `resource:action:scope`, `resource.*`, `*`. Undefined for anything else: an unreadable grant grants nothing.
 */
export function parseGrant(text: string): Grant | undefined {
  if (text === '*') return { resource: '*', action: '*', scope: 'all' };
  const [resource, action, scope = 'tenant', ...rest] = text.includes(':') ? text.split(':') : splitDotted(text);
  if (!resource || !action || rest.length > 0) return undefined;
  if (!isScope(scope)) return undefined;
  return { resource, action, scope };
}

function splitDotted(text: string): string[] {
  const parts = text.split('.');
  return parts.length === 2 ? parts : [];
}

function isScope(text: string): text is Scope {
  return (SCOPES as readonly string[]).includes(text);
}

/** The widest scope in which `granted` holds `required`, or undefined. A requirement's own scope is the least that will do. */
export function heldScope(granted: readonly string[], required: string): HeldScope {
  const need = parseGrant(required);
  if (need === undefined) return undefined;
  let widest = -1;
  for (const text of granted) {
    const grant = parseGrant(text);
    if (grant === undefined || !covers(grant, need)) continue;
    widest = Math.max(widest, SCOPES.indexOf(grant.scope));
  }
  return widest < SCOPES.indexOf(need.scope) ? undefined : SCOPES[widest];
}

/** Whether one grant alone is enough for a requirement. */
export function satisfies(grant: Grant, need: Grant): boolean {
  return covers(grant, need) && SCOPES.indexOf(grant.scope) >= SCOPES.indexOf(need.scope);
}

function covers(grant: Grant, need: Grant): boolean {
  return matches(grant.resource, need.resource) && matches(grant.action, need.action);
}

function matches(pattern: string, value: string): boolean {
  return pattern === '*' || pattern === value;
}

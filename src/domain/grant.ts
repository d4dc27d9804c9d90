const SCOPES = ['own', 'tenant', 'all'] as const;

/** How far a permission reaches, from the least to the most. */
export type Scope = (typeof SCOPES)[number];

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

/** Returns the rank of a scope: a greater one includes the lesser ones. */
export function scopeRank(scope: Scope): number {
  return SCOPES.indexOf(scope);
}

/** Returns the permission with the scope `tenant` in place of `all`; any other permission as it is. */
export function withinTenant(permission: string): string {
  const grant = parseGrant(permission);
  return grant?.scope === 'all' ? `${grant.resource}:${grant.action}:tenant` : permission;
}

function splitDotted(text: string): string[] {
  const parts = text.split('.');
  return parts.length === 2 ? parts : [];
}

function isScope(text: string): text is Scope {
  return (SCOPES as readonly string[]).includes(text);
}

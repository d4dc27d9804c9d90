const SCOPES = ['own', 'tenant', 'all'] as const;

/** Scope of a permission, from the narrowest to the widest. */
export type Scope = (typeof SCOPES)[number];

/**
 * A parsed permission: `user.read` and `user:read` have the scope `tenant`, `*` covers everything. `own` is narrower
 * than `tenant`: a caller who may read only their own record must not call an RPC that reads any record of the tenant.
 * An RPC that is safe for such callers requires `user:read:own`, and its service, which knows the owner of a record,
 * decides the rest.
 */
export interface Grant {
  readonly resource: string;
  readonly action: string;
  readonly scope: Scope;
}

/**
 * Parses `resource.action`, `resource:action:scope`, `resource.*`, `*`. Returns undefined for anything else: a
 * malformed grant grants nothing.
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

/** Returns the permission with the scope `tenant` in place of `all`; any other permission unchanged. */
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

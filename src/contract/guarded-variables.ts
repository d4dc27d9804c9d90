import { fieldRules } from './field-rules.js';
import type { PathVariable, Route } from './route.js';

/**
 * Finds path variables that would set fields which clients must not set, because a path comes from the client as a body
 * does. Privileged fields are allowed in a path; its callers then need the permission.
 */
export function findGuardedVariables(route: Route): readonly string[] {
  return route.variables.flatMap((variable) => {
    const mistake = findMistake(variable, route);
    return mistake === undefined ? [] : [`path variable {${variable.fieldPath}}: ${mistake}`];
  });
}

function findMistake({ fields, fieldPath }: PathVariable, { method: { policy } }: Route): string | undefined {
  const ruled = fields.find((field) => fieldRules(field).protected);
  if (ruled !== undefined) {
    return `no client may set "${ruled.name}", which is protected by its own option: remove one of the two`;
  }
  const isAcross = policy.access === 'OPEN' || policy.permissions.some((permission) => permission.endsWith(':all'));
  if (fields.at(-1)?.name !== 'tenant_id' || isAcross || policy.tenantField === fieldPath) return undefined;
  return `a client could name another tenant: set tenant_field: "${fieldPath}", or a permission with the scope all`;
}

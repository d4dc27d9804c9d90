import { type Metadata, status } from '@grpc/grpc-js';
import { covers, permissionsOf, ROLES } from '../auth/permissions.js';
import { refuseIfAny, rpcError } from './rpc-error.js';

/**
 * Nobody gives away more than they have: the gateway decides who may set roles at all, the service which ones. A caller
 * whose list of permissions is empty or missing has none. Throws INVALID_ARGUMENT for a role that does not exist, or
 * PERMISSION_DENIED.
 */
export function refuseEscalation(roles: readonly string[], metadata: Metadata | undefined): void {
  refuseUnknown(roles);
  const missing = permissionsOf(roles).find((permission) => !holds(permission, metadata));
  if (missing === undefined) return;
  throw rpcError(status.PERMISSION_DENIED, `a role that grants "${missing}" is not yours to give`);
}

/**
 * Nobody signs in as, locks out or removes an account that may do more than they may: one who sets the e-mail address
 * of an account can have its password replaced. Throws PERMISSION_DENIED, except for the caller's own account.
 */
export function refuseAboveCaller(target: { id: string; roles: readonly string[] }, metadata: Metadata): void {
  if (subjectOf(metadata) === target.id) return;
  const missing = permissionsOf(target.roles).find((permission) => !holds(permission, metadata));
  if (missing === undefined) return;
  throw rpcError(status.PERMISSION_DENIED, `an account that holds "${missing}" is not yours to change`);
}

/** Returns whether the caller has a permission: another service has all of them. */
export function holds(permission: string, metadata: Metadata | undefined): boolean {
  if (isInside(metadata)) return true;
  const list = String(metadata?.get('x-gateway-permissions')[0] ?? '');
  return covers(list.split(' ').map(decodeURIComponent), permission);
}

function subjectOf(metadata: Metadata): string {
  return decodeURIComponent(String(metadata.get('x-gateway-subject')[0] ?? ''));
}

/**
 * Returns true if a call comes from another service. The gateway names the caller in each of its calls, and says that there is
 * none where nobody signed in; what else it says of a caller never tells where a call comes from.
 */
function isInside(metadata: Metadata | undefined): boolean {
  return ['x-gateway-subject', 'x-gateway-auth-method'].every((key) => (metadata?.get(key) ?? []).length === 0);
}

function refuseUnknown(roles: readonly string[]): void {
  const description = `must be one of ${ROLES.join(', ')}`;
  const unknown = roles.flatMap((role, index) =>
    ROLES.includes(role) ? [] : [{ field: `roles[${index}]`, description }],
  );
  refuseIfAny(unknown.slice(0, 10));
}

import { type Metadata, status } from '@grpc/grpc-js';
import { covers, permissionsOf, ROLES } from '../auth/permissions.js';
import { refuseIfAny, rpcError } from './rpc-error.js';

/**
 * Nobody gives away more than they have: the gateway decides who may set roles at all, the service which ones.
 * Calls without the gateway's metadata come from inside. Throws INVALID_ARGUMENT for a role that does not exist, or
 * PERMISSION_DENIED.
 */
export function refuseEscalation(roles: readonly string[], metadata: Metadata | undefined): void {
  refuseUnknown(roles);
  const [list] = metadata?.get('x-gateway-permissions') ?? [];
  if (list === undefined) return;
  const held = String(list).split(' ').map(decodeURIComponent);
  const missing = permissionsOf(roles).find((permission) => !covers(held, permission));
  if (missing === undefined) return;
  throw rpcError(status.PERMISSION_DENIED, `a role that grants "${missing}" is not yours to give`);
}

function refuseUnknown(roles: readonly string[]): void {
  const description = `must be one of ${ROLES.join(', ')}`;
  const unknown = roles.flatMap((role, index) =>
    ROLES.includes(role) ? [] : [{ field: `roles[${index}]`, description }],
  );
  refuseIfAny(unknown.slice(0, 10));
}

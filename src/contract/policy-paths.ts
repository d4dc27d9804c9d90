import type { Policy } from '../domain/policy.js';

/** A path into the request that a policy names, and the option that names it. */
export interface PolicyPath {
  readonly option: string;
  readonly path: string;
}

/** Lists the fields of a request that the gateway sets or that clients must not set. */
export function requestPaths({ tenantField, protectedFields, privileged }: Policy): PolicyPath[] {
  return [
    ...(tenantField === undefined ? [] : [{ option: 'tenant_field', path: tenantField }]),
    ...protectedFields.map((path) => ({ option: 'protected_fields', path })),
    ...(privileged?.fields ?? []).map((path) => ({ option: 'privileged_fields', path })),
  ];
}

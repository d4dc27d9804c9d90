import type { ClaimsConfig } from '../../src/config/schema/claim-settings.js';

/** Tokens whose claims have the names that the gateway gives them. */
export const OWN_CLAIMS: ClaimsConfig = {
  subject: [],
  tenant: [],
  roles: [],
  permissions: [],
  audience: [],
  audiences: [],
  types: [],
  tenants: [],
  rolePermissions: undefined,
  defaultTenant: undefined,
  asksAuthService: true,
};

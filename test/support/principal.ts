import type { Principal } from '../../src/domain/principal.js';

/** A caller of the tenant acme, with what a test changes of it. */
export function principalOf(changes: Partial<Principal> = {}): Principal {
  return {
    subject: 'acme-alice',
    tenantId: 'acme',
    identityType: 'user',
    authMethod: 'jwt',
    issuer: 'https://issuer.example',
    roles: [],
    permissions: [],
    expiresAt: Infinity,
    tokenId: '',
    ...changes,
  };
}

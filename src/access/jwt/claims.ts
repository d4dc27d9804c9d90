import { z } from 'zod';
import type { Principal } from '../../domain/principal.js';
import { jwtRefusal } from './jwt-refusal.js';

/** The claims the gateway reads (RFC 9068 2.2); names and lists are bounded, the rest of a token is ignored. */
const Claims = z.object({
  iss: z.string().max(2048),
  sub: z.string().min(1).max(256),
  exp: z.number(),
  jti: z.string().max(256).default(''),
  tenant_id: z.string().max(128).default(''),
  roles: z.array(z.string().max(128)).max(100).default([]),
  /** Absent: the token does not say. Empty: none. */
  permissions: z.array(z.string().max(128)).max(500).optional(),
  token_version: z.number().int().min(0).optional(),
});

/** The caller that verified claims speak of. Throws UNAUTHENTICATED for claims of the wrong kind. */
export function toPrincipal(payload: unknown): Principal {
  const claims = Claims.safeParse(payload);
  if (!claims.success) throw jwtRefusal('MALFORMED_CREDENTIALS', claims.error);
  const { sub, tenant_id, iss, roles, permissions, exp, jti, token_version } = claims.data;
  return Object.freeze({
    subject: sub,
    tenantId: tenant_id,
    identityType: 'user',
    authMethod: 'jwt',
    issuer: iss,
    roles: Object.freeze(roles),
    permissions: permissions && Object.freeze(permissions),
    expiresAt: exp,
    tokenId: jti,
    ...(token_version === undefined ? {} : { tokenVersion: token_version }),
  } as const);
}

import { z } from 'zod';
import { type ClaimPath, claimPath } from '../../config/claim-path.js';
import { type PerIssuer, valueFor } from '../../config/per-issuer.js';
import type { ClaimsConfig } from '../../config/schema/claim-settings.js';
import { withinTenant } from '../../domain/grant.js';
import type { Principal } from '../../domain/principal.js';
import { ClaimError, readList, readText, type TokenClaims } from './claim-reader.js';
import { jwtRefusal } from './jwt-refusal.js';

/** Claims with the same name for all issuers (RFC 7519 4.1). */
const Registered = z.object({
  iss: z.string().max(2048),
  exp: z.number(),
  jti: z.string().max(256).default(''),
  token_version: z.number().int().min(0).optional(),
});

/** Converts verified claims to the caller. Throws UNAUTHENTICATED for claims of the wrong type. */
export type ToPrincipal = (claims: TokenClaims) => Principal;

const MAX_SUBJECT = 256;
const MAX_NAME = 128;
const MAX_PERMISSIONS = 500;
/** Limit for the gateway's own roles claim. Other issuers list groups among the roles, which are more. */
const MAX_OWN_ROLES = 100;
const MAX_ROLES = 500;

/** Claim configured by a setting, or the default claim. */
interface Source {
  readonly paths: readonly ClaimPath[];
  readonly strict: boolean;
}

/** Rules by which the tokens of one issuer are read. */
interface Mapping {
  readonly subject: Source;
  readonly tenant: Source;
  readonly roles: Source;
  /** Sources in order; the first that a token has is used. */
  readonly permissions: readonly Source[];
  readonly byRole: ReadonlyMap<string, readonly string[]>;
  readonly byScope: ReadonlyMap<string, readonly string[]>;
  /** False: a token without a permissions claim has no permissions. */
  readonly asksAuthService: boolean;
  /** Tenants that the issuer may name; undefined: all. */
  readonly tenants: ReadonlySet<string> | undefined;
  /** Tenant of a token that names none; empty: none. */
  readonly defaultTenant: string;
}

/** Creates the reader of the tokens of one issuer; undefined stands for all issuers without settings of their own. */
function claimReader(config: ClaimsConfig, issuer: string | undefined): ToPrincipal {
  const mapping = mappingOf(config, issuer);
  return (claims) => {
    try {
      return toPrincipal(claims, mapping);
    } catch (error) {
      if (!(error instanceof ClaimError || error instanceof z.ZodError)) throw error;
      throw jwtRefusal('MALFORMED_CREDENTIALS', error);
    }
  };
}

/** Creates the reader of the tokens of all trusted issuers, each by its own rules. */
export function claimReaders(config: ClaimsConfig, issuers: readonly string[]): ToPrincipal {
  const standard = claimReader(config, undefined);
  const own = new Map(issuers.map((issuer) => [issuer, claimReader(config, issuer)]));
  return (claims) => (own.get(claims['iss'] as string) ?? standard)(claims);
}

function mappingOf(config: ClaimsConfig, issuer: string | undefined): Mapping {
  const { rolePermissions, tenants, defaultTenant, asksAuthService } = config;
  const permissions = valueFor(config.permissions, issuer);
  const allowed = valueFor(tenants, issuer);
  const readsScope = !asksAuthService || (rolePermissions?.scopes.length ?? 0) > 0;
  return {
    subject: sourceOf(config.subject, issuer, 'sub'),
    tenant: sourceOf(config.tenant, issuer, 'tenant_id'),
    roles: sourceOf(config.roles, issuer, 'roles'),
    permissions:
      permissions === undefined
        ? [own('permissions'), ...(readsScope ? [{ ...own('scope'), strict: false }] : [])]
        : [{ paths: permissions, strict: false }],
    byRole: new Map(rolePermissions?.roles),
    byScope: new Map(rolePermissions?.scopes),
    asksAuthService: asksAuthService && permissions === undefined,
    tenants: allowed && new Set(allowed),
    defaultTenant: (allowed?.length === 1 ? allowed[0] : defaultTenant) ?? '',
  };
}

function sourceOf(values: PerIssuer<readonly ClaimPath[]>, issuer: string | undefined, name: string): Source {
  const paths = valueFor(values, issuer);
  return paths === undefined ? own(name) : { paths, strict: false };
}

function own(name: string): Source {
  return { paths: [claimPath.parse(name)], strict: true };
}

function toPrincipal(claims: TokenClaims, mapping: Mapping): Principal {
  const { iss, exp, jti, token_version } = Registered.parse(claims);
  const roles = readNames(claims, mapping.roles, mapping.roles.strict ? MAX_OWN_ROLES : MAX_ROLES) ?? [];
  const permissions = permissionsOf(claims, roles, mapping);
  const bound = mapping.tenants !== undefined;
  return Object.freeze({
    subject: subjectOf(claims, mapping),
    tenantId: tenantOf(claims, mapping),
    identityType: 'user',
    authMethod: 'jwt',
    issuer: iss,
    roles: Object.freeze(roles),
    permissions: permissions && Object.freeze(bound ? permissions.map(withinTenant) : permissions),
    expiresAt: exp,
    tokenId: jti,
    ...(token_version === undefined ? {} : { tokenVersion: token_version }),
    ...(bound ? { tenantBound: true as const } : {}),
  } as const);
}

function subjectOf(claims: TokenClaims, { subject }: Mapping): string {
  const text = readText(claims, subject.paths, { maxLength: MAX_SUBJECT, strict: subject.strict });
  if (text === '') throw new ClaimError(nameOf(subject), 'is missing or empty');
  return text;
}

function tenantOf(claims: TokenClaims, { tenant, tenants, defaultTenant }: Mapping): string {
  const named = readText(claims, tenant.paths, { maxLength: MAX_NAME, strict: tenant.strict });
  const id = named === '' ? defaultTenant : named;
  if (tenants === undefined || id === '' || tenants.has(id)) return id;
  throw jwtRefusal('TOKEN_TENANT', new ClaimError(nameOf(tenant), 'names a tenant that the issuer may not speak for'));
}

/**
 * Returns the permissions that the token lists, and those that its roles and scopes map to. Undefined if it lists none
 * and AuthService is to be asked.
 */
function permissionsOf(
  claims: TokenClaims,
  roles: readonly string[],
  { permissions, byRole, byScope, asksAuthService }: Mapping,
): readonly string[] | undefined {
  let listed: readonly string[] | undefined;
  for (const source of permissions) if ((listed = readNames(claims, source, MAX_PERMISSIONS)) !== undefined) break;
  const byRoles = byRole.size === 0 ? [] : roles.flatMap((role) => byRole.get(role) ?? []);
  if (listed === undefined && byRoles.length === 0) return asksAuthService ? undefined : [];
  const own = byScope.size === 0 ? (listed ?? []) : (listed ?? []).flatMap((scope) => byScope.get(scope) ?? scope);
  return byRoles.length === 0 && byScope.size === 0 ? own : [...new Set([...own, ...byRoles])];
}

function readNames(claims: TokenClaims, { paths, strict }: Source, maxItems: number): readonly string[] | undefined {
  return readList(claims, paths, { maxLength: MAX_NAME, maxItems, strict });
}

function nameOf({ paths }: Source): string {
  return paths.map(({ text }) => text).join(' or ');
}

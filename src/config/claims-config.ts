import type { ClaimPath } from './claim-path.js';
import type { ConfigProblem } from './config-error.js';
import { type PerIssuer, unknownIssuers, valueFor } from './per-issuer.js';
import type { RolePermissions } from './role-permissions.js';
import type { Settings } from './schema.js';
import type { Known } from './upstreams.js';

type Claims = PerIssuer<readonly ClaimPath[]>;
type Texts = PerIssuer<readonly string[]>;

/** Mapping of token claims, per issuer. An empty list stands for the default claim of the gateway. */
export interface ClaimsConfig {
  readonly subject: Claims;
  readonly tenant: Claims;
  readonly roles: Claims;
  readonly permissions: Claims;
  readonly audience: Claims;
  /** Audiences that replace JWT_AUDIENCE. */
  readonly audiences: Texts;
  /** Values of the header `typ`, in lower case; `none` for a token without it. */
  readonly types: Texts;
  /** Tenants that an issuer may issue tokens for; an issuer without an entry is not restricted. */
  readonly tenants: Texts;
  readonly rolePermissions: RolePermissions | undefined;
  /** Tenant of callers whose credential does not name one. */
  readonly defaultTenant: string | undefined;
  /** AuthService exists and is asked about permissions that a token does not contain. */
  readonly asksAuthService: boolean;
}

/** Settings that may have values per issuer. */
const PER_ISSUER = [
  'GATEWAY_JWT_CLAIM_SUBJECT',
  'GATEWAY_JWT_CLAIM_TENANT',
  'GATEWAY_JWT_CLAIM_ROLES',
  'GATEWAY_JWT_CLAIM_PERMISSIONS',
  'GATEWAY_JWT_CLAIM_AUDIENCE',
  'GATEWAY_JWT_AUDIENCES',
  'GATEWAY_JWT_TYPES',
  'GATEWAY_JWT_ISSUER_TENANTS',
] as const satisfies readonly (keyof Settings)[];

/** Maps the settings of claims. */
export function claimsOf(settings: Settings, asksAuthService: boolean): ClaimsConfig {
  return {
    subject: settings.GATEWAY_JWT_CLAIM_SUBJECT ?? [],
    tenant: settings.GATEWAY_JWT_CLAIM_TENANT ?? [],
    roles: settings.GATEWAY_JWT_CLAIM_ROLES ?? [],
    permissions: settings.GATEWAY_JWT_CLAIM_PERMISSIONS ?? [],
    audience: settings.GATEWAY_JWT_CLAIM_AUDIENCE ?? [],
    audiences: settings.GATEWAY_JWT_AUDIENCES,
    types: settings.GATEWAY_JWT_TYPES,
    tenants: settings.GATEWAY_JWT_ISSUER_TENANTS,
    rolePermissions: settings.GATEWAY_ROLE_PERMISSIONS,
    defaultTenant: settings.GATEWAY_DEFAULT_TENANT,
    asksAuthService,
  };
}

/** Finds values for issuers that are not trusted. */
export function claimProblems(settings: Known<Settings>, unreadable: ReadonlySet<string>): ConfigProblem[] {
  if (unreadable.has('JWT_ISSUER') || unreadable.has('GATEWAY_JWT_ISSUERS')) return [];
  const { JWT_ISSUER: standard, GATEWAY_JWT_ISSUERS: others = [] } = settings;
  const known = [...(standard === undefined ? [] : [standard]), ...others.map(({ issuer }) => issuer)];
  return PER_ISSUER.flatMap((name) => unknownIssuers(name, settings[name], known));
}

/** Returns the accepted audiences of tokens of an issuer. */
export function audiencesOf(
  { audience, claims }: { audience: string; claims: ClaimsConfig },
  issuer: string | undefined,
) {
  return valueFor(claims.audiences, issuer) ?? [audience];
}

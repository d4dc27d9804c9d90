import { claimPath, type ClaimPath } from '../claim-path.js';
import type { ConfigProblem } from '../config-error.js';
import { perIssuer, type PerIssuer, unknownIssuers, valueFor, wordsOf } from '../per-issuer.js';
import { rolePermissions, type RolePermissions } from '../role-permissions.js';
import { defaulted, type Known, optional, type SettingsOf } from '../setting.js';
import { name, text, tokenType } from '../string-parsers.js';
import type { tokenSettings } from './token-settings.js';

const claims = wordsOf(claimPath);
const listed = { standard: true, example: 'realm_access.roles groups' };

/** Settings that map the claims of a token (docs/tokens.md). Each value may apply to one issuer: `issuer=value`. */
export const claimSettings = {
  GATEWAY_JWT_CLAIM_SUBJECT: optional(perIssuer(claims, listed), {
    description:
      'Claim that names the caller. Of several, separated by spaces, the first that a token has is used. Unset: `sub`.',
    example: 'oid',
    reloadable: true,
  }),
  GATEWAY_JWT_CLAIM_TENANT: optional(perIssuer(claims, listed), {
    description:
      "Claim that names the caller's tenant. Of several, the first that a token has is used. Unset: `tenant_id`.",
    example: 'org_id',
    reloadable: true,
  }),
  GATEWAY_JWT_CLAIM_ROLES: optional(perIssuer(claims, listed), {
    description: 'Claims that list roles, separated by spaces; the roles of all of them are merged. Unset: `roles`.',
    example: 'realm_access.roles',
    reloadable: true,
  }),
  GATEWAY_JWT_CLAIM_PERMISSIONS: optional(perIssuer(claims, listed), {
    description:
      'Claims that list permissions, separated by spaces, such as `scope`; the permissions of all of them are merged. When set, permissions come from the token only: a token without these claims has none. Unset: `permissions`; AuthService is asked about a token without that claim, and without AuthService `scope` is read instead.',
    example: 'scope',
    reloadable: true,
  }),
  GATEWAY_JWT_CLAIM_AUDIENCE: optional(perIssuer(claims, listed), {
    description:
      'Claim that must contain `JWT_AUDIENCE`, for issuers that do not set `aud`. Of several, the first that a token has is used. Unset: `aud`.',
    example: 'client_id',
    reloadable: true,
  }),
  GATEWAY_JWT_AUDIENCES: defaulted(
    perIssuer(wordsOf(text), { standard: false, example: 'https://login.example.com=orders-api' }),
    '',
    {
      description: 'Audiences of individual issuers in place of `JWT_AUDIENCE`, separated by spaces.',
      example: 'https://login.example.com=orders-api orders-app',
      reloadable: true,
    },
  ),
  GATEWAY_JWT_TYPES: defaulted(perIssuer(wordsOf(tokenType), { standard: true, example: 'at+jwt JWT' }), 'at+jwt', {
    description:
      'Accepted `typ` headers of access tokens, separated by spaces; `none` for tokens without one. For types other than `at+jwt` (RFC 9068), the claims must show that the token is not an ID token. The type is not checked for tokens signed with `JWT_SECRET`.',
    example: 'at+jwt JWT none',
    reloadable: true,
  }),
  GATEWAY_ROLE_PERMISSIONS: optional(rolePermissions, {
    description:
      'YAML or JSON file that maps roles and scopes to permissions (docs/tokens.md). It is read at start and at each reload.',
    example: '/etc/gateway/roles.yaml',
    reloadable: true,
  }),
  GATEWAY_DEFAULT_TENANT: optional(name, {
    description:
      'Tenant of callers whose credential does not name one, for products without tenants. Unset: such callers are rejected.',
    example: 'main',
  }),
  GATEWAY_JWT_ISSUER_TENANTS: defaulted(
    perIssuer(wordsOf(name), { standard: false, example: 'https://login.acme.example=acme acme-eu' }),
    '',
    {
      description:
        'Tenants that an issuer may issue tokens for, separated by spaces: its tokens for other tenants are rejected with 401, and its permissions never apply across tenants. A token without a tenant belongs to the tenant of its issuer if there is exactly one. Issuers without an entry are not restricted.',
      example: 'https://login.acme.example=acme acme-eu',
      reloadable: true,
    },
  ),
};

type ClaimSettings = SettingsOf<typeof claimSettings>;
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
] as const satisfies readonly (keyof ClaimSettings)[];

/** Maps the settings of claims. */
export function claimsOf(settings: ClaimSettings, asksAuthService: boolean): ClaimsConfig {
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
export function claimProblems(
  settings: Known<ClaimSettings & Pick<SettingsOf<typeof tokenSettings>, 'JWT_ISSUER' | 'GATEWAY_JWT_ISSUERS'>>,
  unreadable: ReadonlySet<string>,
): ConfigProblem[] {
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

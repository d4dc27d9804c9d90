import { claimPath } from '../claim-path.js';
import { perIssuer, wordsOf } from '../per-issuer.js';
import { rolePermissions } from '../role-permissions.js';
import { defaulted, optional } from '../setting.js';
import { name, text, tokenType } from '../string-parsers.js';

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

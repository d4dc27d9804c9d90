import { claimPath } from '../claim-path.js';
import { perIssuer, wordsOf } from '../per-issuer.js';
import { rolePermissions } from '../role-permissions.js';
import { defaulted, optional } from '../setting.js';
import { name, text, tokenType } from '../string-parsers.js';

const claims = wordsOf(claimPath);
const listed = { standard: true, example: 'realm_access.roles groups' };

/** What the claims of a token mean (docs/tokens.md). Each value may be for one issuer: `issuer=value`. */
export const claimSettings = {
  GATEWAY_JWT_CLAIM_SUBJECT: optional(perIssuer(claims, listed), {
    description:
      'Claim that names the caller. Of several, with spaces between them, the first that a token has. Unset: `sub`.',
    example: 'oid',
    reloadable: true,
  }),
  GATEWAY_JWT_CLAIM_TENANT: optional(perIssuer(claims, listed), {
    description: "Claim that names the caller's tenant. Of several the first that a token has. Unset: `tenant_id`.",
    example: 'org_id',
    reloadable: true,
  }),
  GATEWAY_JWT_CLAIM_ROLES: optional(perIssuer(claims, listed), {
    description: 'Claims that list roles, with spaces between them; the roles of all of them count. Unset: `roles`.',
    example: 'realm_access.roles',
    reloadable: true,
  }),
  GATEWAY_JWT_CLAIM_PERMISSIONS: optional(perIssuer(claims, listed), {
    description:
      'Claims that list permissions, with spaces between them, such as `scope`; those of all of them count. Where it is set, rights come from the token alone: a token without these claims has none. Unset: `permissions`; AuthService is asked about a token without it, and without AuthService `scope` is read in its place.',
    example: 'scope',
    reloadable: true,
  }),
  GATEWAY_JWT_CLAIM_AUDIENCE: optional(perIssuer(claims, listed), {
    description:
      'Claim that must name `JWT_AUDIENCE`, of issuers that write no `aud`. Of several the first that a token has. Unset: `aud`.',
    example: 'client_id',
    reloadable: true,
  }),
  GATEWAY_JWT_AUDIENCES: defaulted(
    perIssuer(wordsOf(text), { standard: false, example: 'https://login.example.com=orders-api' }),
    '',
    {
      description: 'Audiences of single issuers in place of `JWT_AUDIENCE`, with spaces between them.',
      example: 'https://login.example.com=orders-api orders-app',
      reloadable: true,
    },
  ),
  GATEWAY_JWT_TYPES: defaulted(perIssuer(wordsOf(tokenType), { standard: true, example: 'at+jwt JWT' }), 'at+jwt', {
    description:
      'Header `typ` of access tokens, with spaces between several; `none` for tokens without one. Other than `at+jwt` (RFC 9068), the claims must show that it is not an ID token. Of issuers with `JWT_SECRET` the type is not looked at.',
    example: 'at+jwt JWT none',
    reloadable: true,
  }),
  GATEWAY_ROLE_PERMISSIONS: optional(rolePermissions, {
    description:
      'YAML or JSON file of the permissions that roles and scopes stand for (docs/tokens.md). It is read at the start and at each reload.',
    example: '/etc/gateway/roles.yaml',
    reloadable: true,
  }),
  GATEWAY_DEFAULT_TENANT: optional(name, {
    description:
      'Tenant of callers whose credential names none, of a product without tenants. Unset: they are refused.',
    example: 'main',
  }),
  GATEWAY_JWT_ISSUER_TENANTS: defaulted(
    perIssuer(wordsOf(name), { standard: false, example: 'https://login.acme.example=acme acme-eu' }),
    '',
    {
      description:
        'Tenants that an issuer may speak for, with spaces between them: its tokens for others are refused with 401, and none of its permissions reaches across tenants. A token without a tenant belongs to the one tenant of its issuer. Issuers without an entry speak for all.',
      example: 'https://login.acme.example=acme acme-eu',
      reloadable: true,
    },
  ),
};

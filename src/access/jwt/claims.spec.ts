import { describe, expect, it } from 'vitest';
import { OWN_CLAIMS } from '../../../test/support/own-claims.js';
import { claimPath } from '../../config/claim-path.js';
import type { ClaimsConfig } from '../../config/schema/claim-settings.js';
import { GatewayError } from '../../domain/errors.js';
import { claimReaders } from './claims.js';

const ISSUER = 'https://issuer.test';
const CLAIMS = { iss: ISSUER, sub: 'alice', exp: 2_000_000_000 };

/** A value for all issuers. */
const all = (...paths: string[]) => [{ issuer: undefined, value: paths.map((path) => claimPath.parse(path)) }];
const read = (claims: object, config: Partial<ClaimsConfig> = {}) =>
  claimReaders({ ...OWN_CLAIMS, ...config }, [ISSUER])({ ...CLAIMS, ...claims });

function refusal(claims: object, config: Partial<ClaimsConfig> = {}): { reason: string | undefined; cause: string } {
  try {
    return { reason: undefined, cause: JSON.stringify(read(claims, config)) };
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    const { cause } = error.cause as Error;
    return { reason: `${error.code} ${error.decisionReason}`, cause: (cause as Error).message };
  }
}

const MAPPED: Partial<ClaimsConfig> = {
  subject: all('oid', 'sub'),
  tenant: all('org.id', '[https://acme.example/app].tenant', 'tenant_id'),
  roles: all('realm_access.roles', '[orders.api].roles'),
  permissions: all('scope', 'https://acme.example/permissions'),
};

describe('where claims are', () => {
  it.each<[string, object, object]>([
    [
      'the first subject and tenant',
      { oid: 'o', org: { id: 'acme' }, tenant_id: 'x' },
      { subject: 'o', tenantId: 'acme' },
    ],
    ['the next where the first is absent', { tenant_id: 'x' }, { subject: 'alice', tenantId: 'x' }],
    ['a tenant in a list of one', { org: { id: ['acme'] } }, { tenantId: 'acme' }],
    [
      'roles in all of their claims, names with dots included',
      { realm_access: { roles: ['a', 'b'] }, 'orders.api': { roles: ['b', 'c'] } },
      { roles: ['a', 'b', 'c'] },
    ],
    [
      'permissions in a text and in a claim whose name is a URL',
      { scope: 'openid  orders.read', 'https://acme.example/permissions': ['orders.create'] },
      { permissions: ['openid', 'orders.read', 'orders.create'] },
    ],
    ['claims inside one whose name is a URL', { 'https://acme.example/app': { tenant: 'acme' } }, { tenantId: 'acme' }],
    ['an empty text, which lists nothing', { scope: '' }, { permissions: [] }],
    [
      'members of the name itself alone',
      { constructor: { name: 'x' }, __proto__: { scope: '*' } },
      { permissions: [] },
    ],
  ])('finds %s', (_what, claims, expected) => {
    expect(read(claims, MAPPED)).toMatchObject(expected);
  });
});

describe('a claim of the wrong kind is refused with its name', () => {
  it.each<[string, object, string]>([
    ['a number', { tenant_id: 42 }, 'the claim tenant_id is a number, not a string'],
    ['null', { scope: null }, 'the claim scope is null, not a list of strings'],
    ['an object', { scope: { a: 1 } }, 'the claim scope is an object, not a list of strings'],
    ['a boolean', { oid: true }, 'the claim oid is a boolean, not a string'],
    ['several tenants', { org: { id: ['a', 'b'] } }, 'the claim org.id is a list of 2, not a string'],
    ['a list with a number', { scope: ['a', 1] }, 'the claim scope holds a number, not only strings'],
    ['a list in a list', { scope: [['a']] }, 'the claim scope holds a list of 1, not only strings'],
    ['a huge list', { scope: Array.from({ length: 501 }, () => 'a') }, 'the claim scope has 501 values, more than 500'],
    ['a huge text', { scope: ['a'.repeat(129)] }, 'the claim scope holds a string of more than 128 characters'],
    ['a text with too many values', { scope: 'a '.repeat(501) }, 'the claim scope has 501 values, more than 500'],
    [
      'a text where members are expected',
      { realm_access: 'x' },
      'the claim realm_access.roles is inside a string, not an object',
    ],
    ['a list where members are expected', { org: ['x'] }, 'the claim org.id is inside a list of 1, not an object'],
    ['a long subject', { oid: 's'.repeat(257) }, 'the claim oid is longer than 256 characters'],
    ['no subject', { sub: undefined }, 'the claim oid or sub is missing or empty'],
    ['an empty subject', { sub: '' }, 'the claim oid or sub is missing or empty'],
  ])('%s', (_what, claims, cause) => {
    expect(refusal(claims, MAPPED)).toEqual({ reason: 'UNAUTHENTICATED MALFORMED_CREDENTIALS', cause });
  });

  it.each(['permissions', 'roles'])('a text for the gateway\'s own "%s"', (name) => {
    const cause = `the claim ${name} is a string, not a list of strings`;
    expect(refusal({ [name]: '*' })).toEqual({ reason: 'UNAUTHENTICATED MALFORMED_CREDENTIALS', cause });
  });

  it("more than 100 roles of the gateway's own, and more than 500 of another claim", () => {
    const list = (length: number) => Array.from({ length }, (_, at) => `role-${at}`);
    expect(read({ roles: list(100) }).roles).toHaveLength(100);
    expect(refusal({ roles: list(101) }).cause).toBe('the claim roles has 101 values, more than 100');
    const mapped = (length: number) => ({ realm_access: { roles: list(length) } });
    expect(read(mapped(500), MAPPED).roles).toHaveLength(500);
    expect(refusal(mapped(501), MAPPED).cause).toBe('the claim realm_access.roles has 501 values, more than 500');
  });
});

describe('where rights come from', () => {
  const ROLES = { roles: [['admin', ['orders.*']]], scopes: [['read:orders', ['orders.read']]] } as const;
  const UNMAPPED = { permissions: [] };
  const NO_AUTH = { asksAuthService: false };
  const undecided: string[] | undefined = undefined;

  it.each<[string, object, Partial<ClaimsConfig>, string[] | undefined]>([
    ['of a token that says nothing AuthService is asked', {}, UNMAPPED, undecided],
    ['of a token with a scope as well', { scope: 'orders.read' }, UNMAPPED, undecided],
    ['an empty list says that there are none', { permissions: [] }, UNMAPPED, []],
    ['without AuthService there are none where the token says nothing', {}, NO_AUTH, []],
    ['without AuthService a scope counts', { scope: 'orders.read' }, NO_AUTH, ['orders.read']],
    ['but not beside permissions', { permissions: [], scope: 'orders.read' }, NO_AUTH, []],
    ['a claim that is mapped and absent says none', {}, { permissions: all('scope') }, []],
    ['a claim that is mapped hides the one that is not', { permissions: ['*'] }, { permissions: all('scope') }, []],
    ['a role gives its permissions', { roles: ['admin', 'x'] }, { rolePermissions: ROLES }, ['orders.*']],
    [
      'beside those that are listed',
      { roles: ['admin'], permissions: ['a.b'] },
      { rolePermissions: ROLES },
      ['a.b', 'orders.*'],
    ],
    [
      'a scope of the file counts where it is read',
      { scope: 'read:orders a.b' },
      { rolePermissions: ROLES },
      ['orders.read', 'a.b'],
    ],
    ['a scope is not a role', { scope: 'admin' }, { ...NO_AUTH, rolePermissions: ROLES }, ['admin']],
    ['a role is not a scope', { roles: ['read:orders'] }, { ...NO_AUTH, rolePermissions: ROLES }, []],
  ])('%s', (_what, claims, config, expected) => {
    expect(read(claims, config).permissions).toEqual(expected);
  });
});

describe('tenants', () => {
  const BOUND = { tenants: [{ issuer: ISSUER, value: ['acme', 'acme-eu'] }] };
  const ONE = { tenants: [{ issuer: ISSUER, value: ['acme'] }] };

  it.each<[string, object, Partial<ClaimsConfig>, string]>([
    ['no tenant', {}, {}, ''],
    ['the default one', {}, { defaultTenant: 'main' }, 'main'],
    ['its own before the default one', { tenant_id: 'acme' }, { defaultTenant: 'main' }, 'acme'],
    ['one that its issuer may speak for', { tenant_id: 'acme-eu' }, BOUND, 'acme-eu'],
    ['no tenant of the several of its issuer', {}, BOUND, ''],
    ['the one tenant of its issuer', {}, { ...ONE, defaultTenant: 'main' }, 'acme'],
    ['any, of another issuer', { iss: 'https://other.test', tenant_id: 'globex' }, BOUND, 'globex'],
  ])('a token belongs to %s', (_what, claims, config, expected) => {
    expect(read(claims, config).tenantId).toBe(expected);
  });

  it.each<[string, object, Partial<ClaimsConfig>]>([
    ['another tenant', { tenant_id: 'globex' }, BOUND],
    ['a tenant in another case', { tenant_id: 'Acme' }, BOUND],
    ['a default tenant', {}, { ...BOUND, defaultTenant: 'main' }],
  ])('an issuer of some tenants cannot speak for %s', (_what, claims, config) => {
    expect(refusal(claims, config).reason).toBe('UNAUTHENTICATED TOKEN_TENANT');
  });

  it('none of its permissions reaches across tenants, wherever it comes from', () => {
    const rolePermissions = { roles: [['root', ['*', 'a:b:all']]], scopes: [] } as const;
    const claims = {
      tenant_id: 'acme',
      roles: ['root'],
      permissions: ['*', 'user:read:all', 'user.read', 'user:read:own'],
    };
    const principal = read(claims, { ...BOUND, rolePermissions });
    expect(principal.tenantBound).toBe(true);
    expect(principal.permissions).toEqual([
      '*:*:tenant',
      'user:read:tenant',
      'user.read',
      'user:read:own',
      'a:b:tenant',
    ]);
  });
});

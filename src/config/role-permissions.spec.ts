import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inspectEnvironment, parseEnvironment } from './environment.js';

const BASE = {
  AUTH_SERVICE_URL: 'localhost:1',
  USER_SERVICE_URL: 'localhost:2',
  TENANT_SERVICE_URL: 'localhost:3',
  JWT_SECRET: 'a secret of more than 32 bytes, really',
  JWT_ISSUER: 'https://issuer.test',
};

let directory: string;
beforeAll(() => void (directory = mkdtempSync(join(tmpdir(), 'roles-'))));
afterAll(() => rmSync(directory, { recursive: true }));

function file(text: string): { path: string; env: Record<string, string> } {
  const path = join(directory, 'roles.yaml');
  writeFileSync(path, text);
  return { path, env: { ...BASE, GATEWAY_ROLE_PERMISSIONS: path } };
}

const problems = (env: Record<string, string>) =>
  inspectEnvironment(env).problems.map(({ name, reason, hint }) => `${name}: ${reason}; ${hint}`);

describe('a file of GATEWAY_ROLE_PERMISSIONS', () => {
  it.each<[string, string]>([
    ['YAML', 'roles:\n  admin: ["*"]\n  support: [user.read, "user:list:own"]\nscopes:\n  read:users: [user.read]\n'],
    [
      'YAML with an anchor',
      'roles:\n  admin: ["*"]\n  support: [&r user.read, "user:list:own"]\nscopes:\n  read:users: [*r]\n',
    ],
    ['JSON', '{"roles":{"admin":["*"],"support":["user.read","user:list:own"]},"scopes":{"read:users":["user.read"]}}'],
  ])('is read as %s', (_what, text) => {
    expect(parseEnvironment(file(text).env).jwt.claims.rolePermissions).toEqual({
      roles: [
        ['admin', ['*']],
        ['support', ['user.read', 'user:list:own']],
      ],
      scopes: [['read:users', ['user.read']]],
    });
  });

  it.each<[string, string, number, string]>([
    ['that is empty', '', 1, 'the file is empty, not a map'],
    ['that is a list', '- admin\n', 1, 'the file is a list, not a map'],
    [
      'that is not YAML',
      'roles:\n  admin: [user.read\n',
      3,
      'Flow sequence in block collection must be sufficiently indented and end with a ]',
    ],
    [
      'with a misspelled section',
      'roles: {}\nscope:\n  a: []\n',
      2,
      '"scope" is neither roles nor scopes: did you mean scopes?',
    ],
    ['of roles alone', 'admin: ["*"]\n', 1, '"admin" is neither roles nor scopes'],
    ['with a role twice', 'roles:\n  admin: ["*"]\n  admin: []\n', 3, 'Map keys must be unique'],
    [
      'with a role that is a text',
      'roles:\n  admin: user.read\n',
      2,
      '"admin" is the string "user.read", not a list of permissions',
    ],
    [
      'with a permission that grants nothing',
      'roles:\n  admin:\n    - user.read\n    - read\n',
      4,
      'the string "read" is not a permission: write resource.action',
    ],
    ['with a number', 'roles:\n  admin: [1]\n', 2, 'the number 1 is not a permission'],
    ['with an anchor inside itself', 'roles: &a\n  admin: *a\n', 2, 'is too large or nested too deeply'],
  ])('%s is refused with its line', (_what, text, line, reason) => {
    const { path, env } = file(text);
    const [problem = '', ...others] = problems(env);
    expect(problem).toContain(`GATEWAY_ROLE_PERMISSIONS: ${path}:${line}: ${reason}`);
    expect(others).toEqual([]);
  });

  it('that is not there is refused', () => {
    const [problem] = problems({ ...BASE, GATEWAY_ROLE_PERMISSIONS: '/nowhere/roles.yaml' });
    expect(problem).toContain('the file /nowhere/roles.yaml cannot be read (ENOENT)');
  });
});

describe('settings of claims', () => {
  it.each<[string, string, string]>([
    ['GATEWAY_JWT_CLAIM_ROLES', 'realm_access..roles', '"realm_access..roles" is not the path of a claim'],
    ['GATEWAY_JWT_CLAIM_ROLES', '[a', '"[a" is not the path of a claim'],
    ['GATEWAY_JWT_CLAIM_ROLES', 'a.b.c.d.e.f.g.h.i', '"a.b.c.d.e.f.g.h.i" is not the path of a claim'],
    ['GATEWAY_JWT_CLAIM_ROLES', 'roles,groups', 'has two values for all issuers; separate several values by spaces'],
    [
      'GATEWAY_JWT_CLAIM_TENANT',
      'https://isuer.test=org',
      'names the issuer https://isuer.test, which is not trusted; did you mean https://issuer.test?',
    ],
    ['GATEWAY_JWT_ISSUER_TENANTS', 'acme', '"acme" does not name its issuer'],
    ['GATEWAY_JWT_ISSUER_TENANTS', 'https://far.test=acme', 'names the issuer https://far.test, which is not trusted'],
    ['GATEWAY_JWT_TYPES', 'at/jwt/x', '"at/jwt/x" is not a token type'],
    ['GATEWAY_DEFAULT_TENANT', 'a b', '"a b" is not a name'],
  ])('%s=%s is refused', (name, value, reason) => {
    const found = problems({ ...BASE, [name]: value });
    expect(found).toHaveLength(1);
    expect(found[0]).toContain(name);
    expect(found[0]).toContain(reason);
  });

  it('may be for single issuers', () => {
    const env = { ...BASE, GATEWAY_JWT_CLAIM_ROLES: 'groups realm_access.roles, https://issuer.test=[a.b].roles' };
    expect(parseEnvironment(env).jwt.claims.roles).toEqual([
      {
        issuer: undefined,
        value: [
          { text: 'groups', names: ['groups'] },
          { text: 'realm_access.roles', names: ['realm_access', 'roles'] },
        ],
      },
      { issuer: 'https://issuer.test', value: [{ text: '[a.b].roles', names: ['a.b', 'roles'] }] },
    ]);
  });
});

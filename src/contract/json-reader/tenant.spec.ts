import { describe, expect, it } from 'vitest';
import { AuthService } from '../../gen/auth/v1/auth_pb.js';
import { TenantService } from '../../gen/tenant/v1/tenant_pb.js';
import { UserService } from '../../gen/user/v1/user_pb.js';
import type { Route } from '../route.js';
import {
  kindsMessage,
  readRequest as read,
  refusalOf,
  requestInput,
  routeFor,
  routeOf,
} from '../../../test/support/request-route.js';

type Request = Parameters<typeof requestInput>[0];

const refusal = (route: Route, request: Request) => refusalOf(() => read(route, request));
const acme = { tenantId: 'acme' };

describe('the tenant of a request', () => {
  const getUser = routeOf(UserService, 'GetUser');
  const createUser = routeOf(UserService, 'CreateUser');
  const listMembers = routeOf(TenantService, 'ListMembers');
  const login = routeOf(AuthService, 'Login');

  it('is the verified one', () => {
    expect(read(getUser, { path: ['42'], ...acme })).toEqual({ tenantId: 'acme', userId: '42' });
    expect(read(createUser, { body: { email: 'a@b.c' }, ...acme })).toEqual({ tenantId: 'acme', email: 'a@b.c' });
    expect(read(listMembers, { path: ['acme'], ...acme })).toEqual({ tenantId: 'acme' });
  });

  it.each([
    ['query', getUser, { path: ['42'], query: 'tenantId=acme' }],
    ['query, in the other casing', getUser, { path: ['42'], query: 'tenant_id=acme' }],
    ['body', createUser, { body: { tenantId: 'acme' } }],
    ['body, as unset', createUser, { body: { tenant_id: null } }],
    ['body, as empty', createUser, { body: { tenant_id: '' } }],
  ] as [string, Route, Request][])('may be repeated in the %s', (_place, route, request) => {
    expect(read(route, { ...request, ...acme })).toMatchObject({ tenantId: 'acme' });
  });

  it.each([
    ['query', getUser, { path: ['42'], query: 'tenantId=globex' }],
    ['query, in the other casing', getUser, { path: ['42'], query: 'tenant_id=globex' }],
    ['query, in disguise', getUser, { path: ['42'], query: '%74enant_id=globe%78' }],
    ['body', createUser, { body: { tenantId: 'globex' } }],
    ['body, in the other casing', createUser, { body: { tenant_id: 'globex' } }],
    ['body, escaped', createUser, { body: '{"tenant\\u0049d":"globex"}' }],
    ['path', listMembers, { path: ['globex'] }],
  ] as [string, Route, Request][])('may not differ in the %s', (_place, route, request) => {
    const error = refusal(route, { ...request, ...acme });
    expect([error.code, error.decisionReason, error.status]).toEqual(['TENANT_MISMATCH', 'TENANT_MISMATCH', 403]);
    expect(error.errors).toEqual([{ field: 'tenant_id', detail: 'names another tenant than that of the caller' }]);
  });

  it('may not be given once right and once wrong', () => {
    const both = routeFor({
      input: kindsMessage('Kinds'),
      body: '*',
      variables: ['tenant_id'],
      policy: { tenantField: 'tenant_id' },
    });
    expect(refusal(both, { path: ['acme'], body: { tenantId: 'globex' }, ...acme }).code).toBe('TENANT_MISMATCH');
    expect(refusal(both, { path: ['globex'], body: { tenantId: 'acme' }, ...acme }).code).toBe('TENANT_MISMATCH');
    expect(refusal(createUser, { body: '{"tenantId":"acme","tenant_id":"globex"}', ...acme }).status).toBe(400);
  });

  it('is any when the caller reaches over tenants, and empty unless named', () => {
    const root = { tenantId: 'platform', crossTenant: true };
    expect(read(getUser, { path: ['42'], query: 'tenantId=globex', ...root })).toEqual({
      tenantId: 'globex',
      userId: '42',
    });
    expect(read(getUser, { path: ['42'], ...root })).toEqual({ userId: '42' });
    expect(read(listMembers, { path: ['globex'], ...root })).toEqual({ tenantId: 'globex' });
    expect(read(createUser, { body: { tenantId: 'globex' }, ...root })).toEqual({ tenantId: 'globex' });
  });

  it('stays as supplied on open endpoints', () => {
    const body = { identifier: 'alice', password: 'secret', tenantId: 'acme' };
    expect(read(login, { body })).toEqual(body);
    expect(read(routeOf(AuthService, 'GetLoginConfig'), { path: ['acme'] })).toEqual({ tenantId: 'acme' });
  });

  it('is set and compared inside another message', () => {
    const nested = routeFor({ input: kindsMessage('Kinds'), body: '*', policy: { tenantField: 'owned.tenant_id' } });
    expect(read(nested, { body: {}, ...acme })).toEqual({ owned: { tenantId: 'acme' } });
    expect(read(nested, { body: { owned: { name: 'a' } }, ...acme })).toEqual({
      owned: { name: 'a', tenantId: 'acme' },
    });
    expect(read(nested, { body: { owned: null }, ...acme })).toEqual({ owned: { tenantId: 'acme' } });
    expect(refusal(nested, { body: { owned: { tenant_id: 'globex' } }, ...acme }).code).toBe('TENANT_MISMATCH');
  });
});

import { describe, expect, it } from 'vitest';
import { readRequest as read, refusalOf, requestInput, routeOf } from '../../../test/support/request-route.js';
import { UserService } from '../../gen/user/v1/user_pb.js';
import type { Route } from '../route.js';

type Request = Parameters<typeof requestInput>[0];

const create = routeOf(UserService, 'CreateUser');
const patch = routeOf(UserService, 'UpdateUser', 'PATCH');
const put = routeOf(UserService, 'UpdateUser', 'PUT');
const anyone = { tenantId: 'acme', privileged: false };

/** Each with the field that its refusal names. */
const sensitive: [string, Route, Request, string][] = [
  ['sets them at creation', create, { body: { email: 'a@b.c', roles: ['admin'] } }, 'roles'],
  ['sets them to nothing', create, { body: { email: 'a@b.c', roles: null } }, 'roles'],
  ['escapes their name', create, { body: '{"r\\u006fles":["admin"]}' }, 'roles'],
  ['changes them', patch, { path: ['42'], body: { displayName: 'A', roles: [] } }, 'roles'],
  [
    'names them in the mask',
    patch,
    { path: ['42'], query: 'updateMask=roles', body: { displayName: 'A' } },
    'updateMask',
  ],
  ['changes all', patch, { path: ['42'], query: 'updateMask=*', body: { displayName: 'A' } }, 'updateMask'],
  ['replaces all', put, { path: ['42'], body: { displayName: 'A' } }, 'updateMask'],
];

describe('privileged fields', () => {
  it.each(sensitive)('a caller without the privilege who %s is refused', (_what, route, request, field) => {
    const error = refusalOf(() => read(route, { ...anyone, ...request }));
    expect([error.code, error.decisionReason]).toEqual(['PERMISSION_DENIED', 'ACCESS_LEVEL_MISSING']);
    expect(error.errors).toEqual([{ field, detail: 'takes a further permission' }]);
  });

  it.each(sensitive)('a caller with the privilege who %s is not', (_what, route, request) => {
    expect(read(route, { ...anyone, ...request, privileged: true })).toMatchObject({ tenantId: 'acme' });
  });

  it('are left alone by callers without the privilege', () => {
    expect(read(create, { ...anyone, body: { email: 'a@b.c' } })).toEqual({ tenantId: 'acme', email: 'a@b.c' });
    const change = { ...anyone, path: ['42'], body: { displayName: 'A' } };
    const changed = { tenantId: 'acme', userId: '42', user: { displayName: 'A' }, updateMask: 'displayName' };
    expect(read(patch, change)).toEqual(changed);
    expect(read(put, { ...change, query: 'updateMask=displayName' })).toEqual(changed);
  });

  it('do not hide what is wrong for everybody', () => {
    const error = refusalOf(() => read(create, { ...anyone, body: { roles: 'admin', nope: 1 } }));
    expect(error.status).toBe(400);
    expect(refusalOf(() => read(create, { ...anyone, body: { roles: [], tenantId: 'globex' } })).code).toBe(
      'TENANT_MISMATCH',
    );
  });
});

import { describe, expect, it } from 'vitest';
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

describe('protected fields', () => {
  const update = routeOf(UserService, 'UpdateUser', 'PATCH');

  it.each([
    [{ passwordHash: 'x' }, 'passwordHash'],
    [{ password_hash: null }, 'password_hash'],
    [{ displayName: 'A', id: '7' }, 'id'],
  ])('may not be in the body: %j', (body, field) => {
    const error = refusal(update, { path: ['42'], body, ...acme });
    expect(error.code).toBe('INVALID_ARGUMENT');
    expect(error.errors).toContainEqual({ field, detail: 'may not be set by a client' });
  });

  it.each(['passwordHash', 'displayName,password_hash', 'tenantId'])(
    'may not be named by the mask alone: %s',
    (mask) => {
      const error = refusal(update, { path: ['42'], query: `updateMask=${mask}`, body: { displayName: 'A' }, ...acme });
      expect([error.status, error.errors[0]?.field]).toEqual([400, 'updateMask']);
    },
  );

  it('may not be deep inside a body that is the whole message', () => {
    const route = routeFor({ input: kindsMessage('Kinds'), body: '*', policy: { protectedFields: ['owned.secret'] } });
    expect(refusal(route, { body: { owned: { secret: '' } } }).errors).toEqual([
      { field: 'owned.secret', detail: 'may not be set by a client' },
    ]);
    expect(read(route, { body: { owned: { name: 'a' } } })).toEqual({ owned: { name: 'a' } });
  });

  it('are not offered in errors', () => {
    expect(refusal(update, { path: ['42'], body: { nope: 1 }, ...acme }).errors[0]?.detail).not.toMatch(
      /password|tenant/i,
    );
  });
});

describe('a PATCH', () => {
  const patch = routeOf(UserService, 'UpdateUser', 'PATCH');
  const put = routeOf(UserService, 'UpdateUser', 'PUT');

  it.each([
    [{ displayName: 'A' }, 'displayName'],
    [{ display_name: 'A', labels: { team: 'x' }, roles: [] }, 'displayName,labels,roles'],
    [{ displayName: null, status: 'USER_STATUS_ACTIVE' }, 'displayName,status'],
    [{ updateTime: '2024-01-01T00:00:00Z' }, 'updateTime'],
  ])('changes the fields that its body names: %j', (body, updateMask) => {
    expect(read(patch, { path: ['42'], body, ...acme })).toMatchObject({ userId: '42', updateMask });
  });

  it('keeps the mask that the client gave', () => {
    const body = { displayName: 'A', email: 'a@b.c' };
    for (const query of ['updateMask=displayName', 'update_mask=displayName']) {
      expect(read(patch, { path: ['42'], query, body, ...acme })).toMatchObject({ updateMask: 'displayName' });
    }
    expect(read(patch, { path: ['42'], query: 'updateMask=', body, ...acme })).toMatchObject({
      updateMask: 'displayName,email',
    });
    expect(read(patch, { path: ['42'], query: 'updateMask=labels.team', body, ...acme })).toMatchObject({
      updateMask: 'labels.team',
    });
    expect(read(put, { path: ['42'], query: 'updateMask=email', body, ...acme })).toMatchObject({
      updateMask: 'email',
    });
  });

  it.each(['nope', 'displayName.x', 'labels,nope'])('refuses a mask with an unknown path: %s', (mask) => {
    const error = refusal(patch, { path: ['42'], query: `updateMask=${mask}`, body: { displayName: 'A' }, ...acme });
    expect(error.errors).toEqual([{ field: 'updateMask', detail: expect.stringContaining('is no field of User') }]);
  });

  it.each([undefined, {}, 'null'])('must name something to change: %j', (body) => {
    const error = refusal(patch, { path: ['42'], body, ...acme });
    expect(error.errors).toEqual([{ field: 'body', detail: 'expected at least one field to change' }]);
  });

  it('is told from a PUT, which replaces all that its client may set', () => {
    const message = read(put, { path: ['42'], body: { displayName: 'A' }, ...acme });
    const updateMask = 'email,username,displayName,status,roles,labels,createTime,updateTime,version';
    expect(message).toEqual({ tenantId: 'acme', userId: '42', user: { displayName: 'A' }, updateMask });
  });
});

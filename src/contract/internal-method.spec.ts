import { describe, expect, it } from 'vitest';
import { AuthService } from '../gen/auth/v1/auth_pb.js';
import { internalMethod } from './internal-method.js';
import { readService } from './route-table.js';

describe('an RPC that the gateway calls itself', () => {
  it('has no route and a policy that lets nobody in from outside', () => {
    expect(internalMethod(AuthService.method.validateCredential)).toMatchObject({
      upstream: 'auth',
      path: '/auth.v1.AuthService/ValidateCredential',
      kind: 'unary',
      idempotent: true,
      policy: { access: 'ACCESS_CONTROLLED', permissions: [], roles: [], retry: undefined },
    });
  });

  it('is one object per RPC, also where a route has it', () => {
    const logout = AuthService.method.logout;
    expect(internalMethod(logout)).toBe(readService(AuthService).routes.find(({ desc }) => desc === logout)?.method);
    expect(internalMethod(AuthService.method.checkPermission)).toBe(internalMethod(AuthService.method.checkPermission));
  });
});

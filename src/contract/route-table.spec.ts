import { describe, expect, it } from 'vitest';
import { shapeService, shapesWith } from '../../test/support/shapes.js';
import type { RpcEdit } from '../../test/support/shapes.js';
import { AIService } from '../gen/ai/v1/ai_pb.js';
import { AuthService } from '../gen/auth/v1/auth_pb.js';
import { TenantService } from '../gen/tenant/v1/tenant_pb.js';
import { UserService } from '../gen/user/v1/user_pb.js';
import { describeProblem } from './contract-problem.js';
import { buildRouteTable, readService } from './route-table.js';

const OPEN = { access: 1 } as const;

/** The problems of ShapeService with these changes, one line each. */
function problemsOf(edits: Readonly<Record<string, RpcEdit>>): string[] {
  return buildRouteTable([shapesWith(edits)]).problems.map(describeProblem);
}

function get(value: string, more: object = {}): NonNullable<RpcEdit['http']> {
  return { pattern: { case: 'get', value }, ...more };
}

describe('the route table', () => {
  it('holds every RPC with a policy of the four services, and no other', () => {
    const { routes, problems } = buildRouteTable([AIService, AuthService, TenantService, UserService]);
    expect(problems).toEqual([]);
    expect(routes.map(({ verb, template, method }) => `${verb} ${template} ${method.name}`).join('\n'))
      .toMatchInlineSnapshot(`
      "POST /api/v1/ai ProcessQuery
      POST /api/ai ProcessQuery
      POST /api/v1/ai:stream StreamQuery
      POST /api/ai:stream StreamQuery
      POST /api/v1/auth/login Login
      POST /api/v1/auth/refresh RefreshToken
      POST /api/v1/auth/register Register
      POST /api/v1/auth/logout Logout
      GET /api/v1/auth/tenants/{tenant_id}/login-config GetLoginConfig
      GET /api/v1/tenants ListTenants
      GET /api/v1/tenants/{tenant_id} GetTenant
      POST /api/v1/tenants CreateTenant
      PATCH /api/v1/tenants/{tenant_id} UpdateTenant
      PUT /api/v1/tenants/{tenant_id} UpdateTenant
      DELETE /api/v1/tenants/{tenant_id} DeleteTenant
      GET /api/v1/tenants/{tenant_id}/users ListMembers
      POST /api/v1/tenants/{tenant_id}/users AddMember
      DELETE /api/v1/tenants/{tenant_id}/users/{user_id} RemoveMember
      GET /api/v1/tenants/{tenant_id}/config GetTenantConfig
      PATCH /api/v1/tenants/{tenant_id}/config UpdateTenantConfig
      PUT /api/v1/tenants/{tenant_id}/config UpdateTenantConfig
      GET /api/v1/users ListUsers
      GET /api/v1/users/{user_id} GetUser
      GET /api/v1/users/search SearchUsers
      POST /api/v1/users CreateUser
      PATCH /api/v1/users/{user_id} UpdateUser
      PUT /api/v1/users/{user_id} UpdateUser
      DELETE /api/v1/users/{user_id} DeleteUser"
    `);
  });

  it('binds every shape of google.api.http', () => {
    const { routes, problems } = buildRouteTable([shapeService]);
    expect(problems).toEqual([]);
    const shown = routes.map(({ verb, template, variables, body, responseBody, method }) => {
      const parts = [verb, template, method.name, method.kind];
      if (method.idempotent) parts.push('idempotent');
      for (const { fields } of variables) parts.push(`path=${fields.map((field) => field.name).join('.')}`);
      if (body !== undefined) parts.push(`body=${body === '*' ? body : body.name}`);
      if (responseBody !== undefined) parts.push(`response_body=${responseBody.name}`);
      return parts.join(' ');
    });
    expect(shown.join('\n')).toMatchInlineSnapshot(`
      "GET /shapes/v1/shapes ListShapes unary idempotent
      GET /shapes/v1/shapes/{shape.id} GetShape unary idempotent path=shape.id
      GET /shapes/v1/shapes/default GetDefaultShape unary idempotent
      PATCH /shapes/v1/shapes/{shape.id} UpdateShape unary idempotent path=shape.id body=shape
      PUT /shapes/v1/shapes/{shape.id} UpdateShape unary idempotent path=shape.id body=shape
      POST /shapes/v1/shapes/{id}:rotate RotateShape unary path=id body=*
      GET /shapes/v1/{name=shelves/*/books/*} GetBook unary idempotent path=name
      GET /shapes/v1/books/{isbn}/{edition} GetBook unary idempotent path=isbn path=edition
      GET /shapes/v1/files/{path=**} GetFile unary idempotent path=path
      GET /shapes/v1/files/{path=**}:download DownloadFile unary idempotent path=path
      PUT /shapes/v1/files/{path=**} UploadFile unary path=path body=file
      POST /shapes/v1/content ReceiveContent unary body=*
      GET /shapes/v1/uploads/{path=**} GetUpload unary idempotent path=path response_body=file
      GET /shapes/v1/streams/{path=**} StreamFile server_stream idempotent path=path
      GET /shapes/v1/{name=shelves/*/books/*}/pages ListPages unary idempotent path=name response_body=pages
      PUT /shapes/v1/{name=shelves/*/books/*}/pages ReplacePages unary idempotent path=name body=pages
      REPORT /shapes/v1/books FindBooks unary idempotent
      DELETE /shapes/v1/*/shapes/{id} DeleteShape unary idempotent path=id
      GET /shapes/v1/shapes/{shape.id}:watch WatchShape server_stream path=shape.id
      POST /shapes/v1/kinds EchoKinds unary body=*
      GET /shapes/v1/kinds EchoKinds unary response_body=text
      POST /shapes/v1/kinds/{number}/{color} EchoKinds unary path=number path=color body=inner"
    `);
  });

  it('names the upstream by the last segment of the package before its version and the RPC by its gRPC path', () => {
    expect(readService(UserService).routes[0]?.method).toMatchObject({
      upstream: 'user',
      service: 'user.v1.UserService',
      path: '/user.v1.UserService/ListUsers',
    });
  });

  it('makes one object of an RPC, however often and for however many bindings it is read', () => {
    const methods = [...readService(UserService).routes, ...buildRouteTable([UserService]).routes]
      .map((route) => route.method)
      .filter((method) => method.name === 'UpdateUser');
    expect(methods).toHaveLength(4);
    expect(new Set(methods).size).toBe(1);
  });

  it.each([
    ['no path at all', { GetFile: { http: null } }, 'has a policy but no google.api.http'],
    ['a rule without a path', { GetFile: { http: { body: '*' } } }, 'names no path: set get, put, post'],
    ['a broken template', { GetFile: { http: get('/v1/{path') } }, 'needs a "}" at position 9 of "/v1/{path"'],
    [
      'an unknown field',
      { GetFile: { http: get('/v1/{nope}') } },
      'path variable {nope}: shapes.v1.FileRequest has no field "nope"; it has path',
    ],
    ['a field below a scalar', { GetFile: { http: get('/v1/{path.x}') } }, '"path" of "path.x" is no message'],
    [
      'a message in the path',
      { EchoKinds: { http: get('/v1/{inner}') } },
      '"inner" is a message; only a scalar or an enum can be bound',
    ],
    ['a list in the path', { EchoKinds: { http: get('/v1/{tags}') } }, '"tags" is repeated or a map'],
    ['a map in the path', { EchoKinds: { http: get('/v1/{inners.text}') } }, '"inners" is repeated or a map'],
    [
      'a number over segments',
      { EchoKinds: { http: get('/v1/{number=**}') } },
      'only a string can hold several segments',
    ],
    [
      'an unknown body',
      { UploadFile: { http: { pattern: { case: 'put', value: '/v1' }, body: 'nope' } } },
      'body "nope": shapes.v1.UploadFileRequest has no field "nope"',
    ],
    [
      'a nested body',
      { UploadFile: { http: { pattern: { case: 'put', value: '/v1' }, body: 'file.data' } } },
      'body "file.data": it must be a field of the message itself',
    ],
    [
      'an unknown response_body',
      { GetFile: { http: get('/v1', { responseBody: 'nope' }) } },
      'response_body "nope": shapes.v1.Book has no field "nope"; it has name, version',
    ],
    ['a body of GET', { GetFile: { http: get('/v1', { body: '*' }) } }, 'a GET request has no body'],
    [
      'a verb that is none',
      { GetFile: { http: { pattern: { case: 'custom', value: { kind: 'FETCH', path: '/v1' } } } } },
      '"FETCH" of "/v1" is no HTTP method',
    ],
    [
      'CONNECT',
      { GetFile: { http: { pattern: { case: 'custom', value: { kind: 'connect', path: '/v1' } } } } },
      '"CONNECT" of "/v1" is no HTTP method',
    ],
    [
      'any verb',
      { GetFile: { http: { pattern: { case: 'custom', value: { kind: '*', path: '/v1' } } } } },
      'custom kind "*" of "/v1" is not supported',
    ],
    [
      'bindings within bindings',
      { GetFile: { http: get('/v1', { additionalBindings: [get('/v2', { additionalBindings: [get('/v3')] })] }) } },
      'may not hold additional_bindings again',
    ],
    ['a client stream', { Collect: { policy: OPEN, http: get('/v1') } }, 'REST cannot carry a stream from the client'],
    [
      'a bidi stream',
      { WatchShape: { edit: (method) => (method.clientStreaming = true) } },
      'REST cannot carry a stream from the client',
    ],
  ] satisfies [string, Record<string, RpcEdit>, string][])('refuses %s', (_, edits, message) => {
    const [rpc] = Object.keys(edits);
    expect(problemsOf(edits)).toContainEqual(
      expect.stringMatching(`^shapes/v1/shapes.proto: shapes.v1.ShapeService.${rpc}: .*`),
    );
    expect(problemsOf(edits).join('\n')).toContain(message);
  });

  it.each([
    ['/v1/a', '/v1/a'],
    ['/v1/{path}', '/v1/{name}'],
    ['/v1/{path}', '/v1/*'],
    ['/v1/{path=a/*}', '/v1/a/{name}'],
    ['/v1/{path}:go', '/v1/{name}:go'],
    ['/v1/{path=**}', '/v1/**'],
    ['/v1/%61', '/v1/a'],
  ])('refuses %s beside %s: they match the same paths', (one, other) => {
    const edits = { GetFile: { http: get(one) }, GetBook: { http: get(other) } };
    expect(problemsOf(edits)).toEqual([
      expect.stringMatching(/GetFile: GET ".*" matches the same paths as ".*" of shapes\.v1\.ShapeService\.GetBook/),
    ]);
  });

  it.each([
    ['/v1/{path}/b', '/v1/a/{name}'],
    ['/v1/*/b/**', '/v1/a/**'],
    ['/v1/{path=*/b}:go', '/v1/{name=a/*}:go'],
  ])('refuses %s beside %s: neither is more specific', (one, other) => {
    const edits = { GetFile: { http: get(one) }, GetBook: { http: get(other) } };
    expect(problemsOf(edits)).toEqual([expect.stringContaining('share paths and neither is more specific')]);
  });

  it.each([
    ['/v1/{path}', '/v1/a'],
    ['/v1/{path}', '/v1/{name=**}'],
    ['/v1/{path}', '/v1/{name}:go'],
    ['/v1/{path=**}', '/v1/{name=**}:go'],
    ['/v1/{path}/a', '/v1/{name}/b'],
    ['/v1/{path}', '/v1/{name=*/*}'],
  ])('accepts %s beside %s', (one, other) => {
    expect(problemsOf({ GetFile: { http: get(one) }, GetBook: { http: get(other) } })).toEqual([]);
  });

  it('accepts one template for two methods', () => {
    const post = { pattern: { case: 'post', value: '/v1/{path}' } } as const;
    expect(problemsOf({ GetFile: { http: get('/v1/{path}', { additionalBindings: [post] }) } })).toEqual([]);
  });

  it('reports everything at once, also across services', () => {
    const edits = { GetFile: { http: get('/api/v1/users') }, GetBook: { http: get('/{x'), policy: { access: 0 } } };
    const { problems } = buildRouteTable([UserService, shapesWith(edits)]);
    expect(problems.map((problem) => problem.subject)).toEqual([
      'shapes.v1.ShapeService.GetBook',
      'shapes.v1.ShapeService.GetBook',
      'shapes.v1.ShapeService.GetFile',
    ]);
  });
});

import { afterAll, describe, expect, it } from 'vitest';
import { compileProto } from '../../test/support/compile-proto.js';
import { refusalOf, requestInput } from '../../test/support/request-route.js';
import { compileRequestCodec } from './json-reader/request-codec.js';
import { readService } from './route-table.js';

const MARKED = 'no client may set "plan", which is protected by its own option';
const TENANT = 'a client could name another tenant: set tenant_field: "tenant_id"';
const GRANT = 'privileged_permission: "extra.grant"';

/** Each RPC with what its boot says; `{0}` of a path makes it the case's own. */
const CASES: [what: string, request: string, http: string, policy: string, mistake: string | undefined][] = [
  ['a field that its option protects', 'Card', 'get: "/{plan}"', '', MARKED],
  ['the same in another message', 'Holder', 'patch: "/{card.plan}" body: "card"', '', MARKED],
  ['a tenant that the policy protects', 'Scoped', 'get: "/{tenant_id}"', 'protected_fields: "tenant_id"', TENANT],
  ['the tenant of the caller', 'Scoped', 'get: "/{tenant_id}"', 'tenant_field: "tenant_id"', undefined],
  ['a field that the policy keeps out of bodies', 'Free', 'put: "/{name}"', 'protected_fields: "name"', undefined],
  ['a field that its option makes privileged', 'Role', 'post: "/{user}/{role}"', GRANT, undefined],
  [
    'a field that the policy makes privileged',
    'Free',
    'post: "/{name}" body: "*"',
    `privileged_fields: "name" ${GRANT}`,
    undefined,
  ],
];

const proto = compileProto(`
message Card { string name = 1; string plan = 2 [(gateway.v1.field).protected = true]; }
message Holder { Card card = 1; }
message Scoped { string tenant_id = 1; }
message Free { string name = 1; }
message Role { string user = 1; string role = 2 [(gateway.v1.field).privileged = true]; }
message Cards { repeated Card cards = 1; map<string, Role> roles = 2; }
service ListService { rpc Send(Cards) returns (google.protobuf.Empty) {
  option (google.api.http) = {post: "/x" body: "*"};
  option (gateway.v1.policy) = {access: ACCESS_AUTHENTICATED ${GRANT}};
} }
${CASES.map(
  ([, request, http, policy], n) => `service Case${n}Service { rpc Send(${request}) returns (google.protobuf.Empty) {
  option (google.api.http) = {${http}};
  option (gateway.v1.policy) = {access: ACCESS_AUTHENTICATED ${policy}};
} }`,
).join('\n')}`);
afterAll(() => proto.remove());

const options = { registry: proto.registry, maxDepth: 64, maxKeys: 1000 };

/** Encodes a request of the one route of a service. */
function encode(service: string, request: Parameters<typeof requestInput>[0]): Uint8Array {
  const [route] = readService(proto.service(service)).routes;
  if (route === undefined) throw new Error(`${service} has no route`);
  return compileRequestCodec(route, options).encode(requestInput({ tenantId: 'acme', ...request }));
}

describe('a path variable', () => {
  it.each(CASES.map(([what, , , , mistake], n) => [what, mistake, n] as const))('of %s: %s', (_what, mistake, n) => {
    const messages = readService(proto.service(`Case${n}Service`)).problems.map(({ message }) => message);
    expect(messages).toEqual(mistake === undefined ? [] : [expect.stringContaining(mistake)]);
  });

  it.each<[string, readonly string[]]>([
    ['Case5Service', ['7', 'root']],
    ['Case6Service', ['root']],
  ])('that sets a privileged field takes the privilege: %s', (service, path) => {
    const refused = refusalOf(() => encode(service, { path, privileged: false }));
    expect([refused.code, refused.errors?.length]).toEqual(['PERMISSION_DENIED', 1]);
    expect(Buffer.from(encode(service, { path, privileged: true })).toString()).toContain('root');
  });
});

it('fields with rules of their own may be in lists and maps alone', () => {
  expect(readService(proto.service('ListService')).problems).toEqual([]);
  const send = (body: object, privileged: boolean) => encode('ListService', { body: body as never, privileged });
  expect(refusalOf(() => send({ cards: [{ plan: 'pro' }] }, true)).code).toBe('INVALID_ARGUMENT');
  expect(refusalOf(() => send({ roles: { a: { role: 'root' } } }, false)).code).toBe('PERMISSION_DENIED');
  expect(send({ roles: { a: { role: 'root' } } }, true).length).toBeGreaterThan(0);
  expect(send({ cards: [{ name: 'a' }], roles: { a: { user: 'b' } } }, false).length).toBeGreaterThan(0);
});

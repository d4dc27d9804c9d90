import { afterAll, describe, expect, it } from 'vitest';
import { compileProto } from '../../test/support/compile-proto.js';
import { readService } from './route-table.js';

const RPC = (http: string, policy: string) => `
    option (google.api.http) = {${http}};
    option (gateway.v1.policy) = {access: ACCESS_AUTHENTICATED ${policy}};`;
const LISTED = 'protected_fields: "resource.plan"';
const PRIVILEGED = 'privileged_fields: "resource.plan" privileged_permission: "extra.admin"';

/** Each request with the mask that is refused; the requests hold a resource with a protected field. */
const CASES: [what: string, request: string, http: string, policy: string, mask: string | undefined][] = [
  ['a batch of updates', 'Batch', 'post: "/x" body: "*"', '', 'updates.update_mask'],
  ['a map of updates', 'Named', 'put: "/x" body: "*"', '', 'updates.update_mask'],
  ['an update in a field', 'Inner', 'patch: "/x" body: "*"', '', 'update.update_mask'],
  ['a mask of another name', 'Other', 'patch: "/x" body: "resource"', '', 'field_mask'],
  ['a second mask', 'Two', 'patch: "/x" body: "resource"', '', 'extra_mask'],
  ['a list of masks', 'Many', 'patch: "/x" body: "*"', '', 'update_mask'],
  ['a field that the policy lists', 'Plain', 'patch: "/x" body: "resource"', LISTED, 'field_mask'],
  ['a field that the policy lists as privileged', 'Plain', 'post: "/x" body: "*"', PRIVILEGED, 'field_mask'],
  ['nothing that is protected', 'Plain', 'patch: "/x" body: "resource"', '', undefined],
  ['the one mask that is checked', 'Update', 'patch: "/x" body: "resource"', '', undefined],
  ['a mask for the response', 'Read', 'patch: "/x" body: "*"', '', undefined],
  ['a mask that no client may set', 'Closed', 'patch: "/x" body: "*"', '', undefined],
  ['a mask that the policy protects', 'Other', 'patch: "/x" body: "*"', 'protected_fields: "field_mask"', undefined],
  ['a mask that is data', 'Data', 'patch: "/x" body: "*"', '', undefined],
  ['a GET', 'Other', 'get: "/x"', '', undefined],
];

const proto = compileProto(`
message Resource { string name = 1; string plan = 2 [(gateway.v1.field).protected = true]; google.protobuf.FieldMask shown = 3; }
message Update { Resource resource = 1; google.protobuf.FieldMask update_mask = 2; }
message Batch { repeated Update updates = 1; }
message Named { map<string, Update> updates = 1; }
message Inner { Update update = 1; }
message Other { Resource resource = 1; google.protobuf.FieldMask field_mask = 2; }
message Two { Resource resource = 1; google.protobuf.FieldMask update_mask = 2; google.protobuf.FieldMask extra_mask = 3; }
message Many { Resource resource = 1; repeated google.protobuf.FieldMask update_mask = 2; }
message Free { string name = 1; string plan = 2; }
message Plain { Free resource = 1; google.protobuf.FieldMask field_mask = 2; }
message Read { Resource resource = 1; google.protobuf.FieldMask update_mask = 2; google.protobuf.FieldMask read_mask = 3; }
message Closed { Resource resource = 1; google.protobuf.FieldMask mask = 2 [(gateway.v1.field).protected = true]; }
message Data { Resource resource = 1; }
${CASES.map(
  ([, request, http, policy], n) =>
    `service Case${n}Service { rpc Send(${request}) returns (google.protobuf.Empty) { ${RPC(http, policy)} } }`,
).join('\n')}`);
afterAll(() => proto.remove());

describe('a mask that could name a field which a client may not set', () => {
  it.each(CASES.map(([what, , , , mask], n) => [what, mask, n] as const))('%s: %s', (_what, mask, n) => {
    const { problems } = readService(proto.service(`Case${n}Service`));
    const refusal = expect.stringMatching(new RegExp(`the mask "${mask}" is not checked and could name ".*plan"`));
    expect(problems.map(({ message }) => message)).toEqual(mask === undefined ? [] : [refusal]);
  });
});

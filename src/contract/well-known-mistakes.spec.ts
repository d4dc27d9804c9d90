import { expect, it } from 'vitest';
import { shapesWith, type RpcEdit } from '../../test/support/shapes.js';
import { Access } from '../gen/gateway/v1/policy_pb.js';
import { buildRouteTable } from './route-table.js';

const policy = { access: Access.AUTHENTICATED };
const get = (path: string, responseBody = '') => ({ pattern: { case: 'get' as const, value: path }, responseBody });
const post = (path: string, body: string) => ({ pattern: { case: 'post' as const, value: path }, body });
const input = (type: string): Pick<RpcEdit, 'edit'> => ({
  edit: (method) => void (method.inputType = `.google.protobuf.${type}`),
});
const output = (type: string): Pick<RpcEdit, 'edit'> => ({
  edit: (method) => void (method.outputType = `.google.protobuf.${type}`),
});

const problemsOf = (edit: RpcEdit) =>
  buildRouteTable([shapesWith({ EchoKinds: { policy, ...edit } })]).problems.map(({ message }) => message);

it.each<[string, RpcEdit]>([
  ['path variable {time.seconds} names a field of google.protobuf.Timestamp', { http: get('/k/{time.seconds}') }],
  ['path variable {any.type_url} names a field of google.protobuf.Any', { http: get('/k/{any.type_url}') }],
  ['path variable {wrapped.value} names a field of google.protobuf.Int64Value', { http: get('/k/{wrapped.value}') }],
  [
    'path variable {seconds} names a field of google.protobuf.Timestamp',
    { http: get('/k/{seconds}'), ...input('Timestamp') },
  ],
  ['body "fields" names a field of google.protobuf.Struct', { http: post('/k', 'fields'), ...input('Struct') }],
  [
    'response_body "fields" names a field of google.protobuf.Struct',
    { http: get('/k', 'fields'), ...output('Struct') },
  ],
  [
    'response_body "value" names a field of google.protobuf.StringValue',
    { http: get('/k', 'value'), ...output('StringValue') },
  ],
  [
    'protected_fields "time.seconds" names a field of google.protobuf.Timestamp',
    { http: post('/k', '*'), policy: { ...policy, protectedFields: ['time.seconds'] } },
  ],
  [
    'privileged_fields "any.value" names a field of google.protobuf.Any',
    {
      http: post('/k', '*'),
      policy: { ...policy, privilegedFields: ['any.value'], privilegedPermission: 'shape.admin' },
    },
  ],
  [
    'protected_fields "wrapped.value" names a field of google.protobuf.Int64Value',
    { http: post('/k', '*'), policy: { ...policy, protectedFields: ['wrapped.value'] } },
  ],
  [
    'protected_fields "fields" names a field of google.protobuf.Struct',
    { http: post('/k', '*'), ...input('Struct'), policy: { ...policy, protectedFields: ['fields'] } },
  ],
])('refuses to boot: %s', (message, edit) => {
  expect(problemsOf(edit).join()).toContain(message);
});

it.each<[string, RpcEdit]>([
  ['a wrapper by its value', { http: get('/k/{value}'), ...input('StringValue') }],
  ['a wrapper as the body', { http: post('/k', '*'), ...input('Int64Value') }],
  ['a time as the body', { http: post('/k', '*'), ...input('Timestamp') }],
  ['a time as a field that is the body', { http: post('/k', 'time') }],
  ['a time as a field that is shown', { http: get('/k', 'time') }],
  ['a message without fields', { http: post('/k', '*'), ...input('Empty') }],
])('boots with %s', (_what, edit) => {
  expect(problemsOf(edit)).toEqual([]);
});

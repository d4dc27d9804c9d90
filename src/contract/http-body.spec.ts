import { fromBinary, toJson } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { CODEC_OPTIONS, kindsRegistry, requestInput, routeOf } from '../../test/support/request-route.js';
import { shapeService, shapesWith, type RpcEdit } from '../../test/support/shapes.js';
import { Access } from '../gen/gateway/v1/policy_pb.js';
import { compileRequestCodec } from './json-reader/request-codec.js';
import { buildRouteTable } from './route-table.js';

const PNG = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x00, 0xff);

function read(rpc: string, request: { body?: Uint8Array; contentType?: string; query?: string; path?: string[] }) {
  const route = routeOf(shapeService, rpc);
  const bytes = compileRequestCodec(route, CODEC_OPTIONS).encode(requestInput(request));
  return toJson(route.desc.input, fromBinary(route.desc.input, bytes), { registry: kindsRegistry });
}

const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64');

describe('a request body that is a google.api.HttpBody', () => {
  it.each([
    ['image/png', PNG],
    ['application/json', Buffer.from('{"not": read}')],
    ['multipart/form-data; boundary="x y"', Buffer.from('--x y\r\n\r\n1\r\n--x y--')],
    ['', PNG],
  ])('is taken as it is in any media type: %j', (contentType, body) => {
    const type = contentType === '' ? {} : { contentType };
    expect(read('UploadFile', { body, contentType, path: ['a/b.png'], query: 'overwrite=true' })).toEqual({
      path: 'a/b.png',
      overwrite: true,
      file: { ...type, data: base64(body) },
    });
    expect(read('ReceiveContent', { body, contentType })).toEqual({ ...type, data: base64(body) });
  });

  it('may be empty, and absent', () => {
    expect(read('UploadFile', { contentType: 'text/plain', path: ['a'] })).toEqual({
      path: 'a',
      file: { contentType: 'text/plain' },
    });
    expect(read('UploadFile', { path: ['a'] })).toEqual({ path: 'a' });
    expect(read('ReceiveContent', {})).toEqual({});
  });

  it('keeps its fields out of the query', () => {
    expect(() => read('UploadFile', { path: ['a'], query: 'file.data=AAAA' })).toThrow('comes from the body');
    expect(() => read('ReceiveContent', { query: 'data=AAAA' })).toThrow('takes no query parameters');
  });
});

describe('a contract with a google.api.HttpBody refuses to boot when', () => {
  const access = Access.AUTHENTICATED;
  const put = (path: string) => ({ pattern: { case: 'put' as const, value: path }, body: 'file' });
  const post = (path: string) => ({ pattern: { case: 'post' as const, value: path }, body: '*' });
  it.each<[string, string, RpcEdit, RegExp]>([
    [
      'a path variable lies in it',
      'UploadFile',
      { http: put('/f/{file.content_type}') },
      /path variable \{file.content/,
    ],
    [
      'a path variable lies in the request',
      'ReceiveContent',
      { http: post('/f/{content_type}') },
      /path variable \{co/,
    ],
    [
      'a protected field lies in it',
      'UploadFile',
      { policy: { access, protectedFields: ['file.data'] } },
      /protected_f/,
    ],
    [
      'it is protected itself',
      'UploadFile',
      { policy: { access, protectedFields: ['file'] } },
      /protected_fields "file"/,
    ],
    [
      'a privileged field lies in it',
      'UploadFile',
      { policy: { access, privilegedFields: ['file.content_type'], privilegedPermission: 'a.b' } },
      /privileged_fields "file.content_type" lies in/,
    ],
    ['the tenant lies in it', 'UploadFile', { policy: { access, tenantField: 'file.content_type' } }, /tenant_field/],
    [
      'the response is to be redacted',
      'DownloadFile',
      { policy: { access, redact: ['data'] } },
      /redact "data" cannot/,
    ],
    ['a redacted field is beside it', 'GetUpload', { policy: { access, redact: ['path'] } }, /redact "path" cannot/],
    [
      'the response is to be checked for its tenant',
      'GetUpload',
      { policy: { access, responseTenantFields: ['path'] } },
      /response_tenant_fields "path" cannot/,
    ],
  ])('%s', (_when, rpc, edit, message) => {
    const { problems } = buildRouteTable([shapesWith({ [rpc]: edit })]);
    expect(problems.map((problem) => problem.message).join('\n')).toMatch(message);
  });
});

import { type ServiceError, status } from '@grpc/grpc-js';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { fromBinary, toJson } from '@bufbuild/protobuf';
import { Client } from '../support/client.js';
import { compileProto, type CompiledProto } from '../support/compile-proto.js';
import { startTestGateway, type TestGateway } from '../support/gateway.js';
import { type BytesCall, grpcBackend } from '../support/grpc-backend.js';
import { expectFetchProblem } from '../support/problem.js';

const PROTO = `
message Book { string name = 1; string title = 2; string etag = 3; }
message GetBookRequest { string name = 1; }
message UpdateBookRequest { Book book = 1; google.protobuf.FieldMask update_mask = 2; }
message DeleteBookRequest { string name = 1; string etag = 2; }
service Books {
  rpc GetBook(GetBookRequest) returns (Book) {
    option idempotency_level = NO_SIDE_EFFECTS;
    option (google.api.http) = {get: "/books/{name}"};
    option (gateway.v1.policy) = {access: ACCESS_AUTHENTICATED, etag: {response_field: "etag", unquoted: true}};
  }
  rpc GetQuoted(GetBookRequest) returns (Book) {
    option idempotency_level = NO_SIDE_EFFECTS;
    option (google.api.http) = {get: "/quoted/{name}"};
    option (gateway.v1.policy) = {access: ACCESS_AUTHENTICATED, etag: {response_field: "etag"}};
  }
  rpc UpdateBook(UpdateBookRequest) returns (Book) {
    option (google.api.http) = {patch: "/books/{book.name}", body: "book"};
    option (gateway.v1.policy) = {
      access: ACCESS_AUTHENTICATED, etag: {response_field: "etag", request_field: "book.etag", unquoted: true}
    };
  }
  rpc DeleteBook(DeleteBookRequest) returns (google.protobuf.Empty) {
    option (google.api.http) = {delete: "/books/{name}"};
    option (gateway.v1.policy) = {
      access: ACCESS_AUTHENTICATED, success_status: 204, etag: {request_field: "etag", unquoted: true}
    };
  }
  rpc DeleteQuoted(DeleteBookRequest) returns (google.protobuf.Empty) {
    option (google.api.http) = {delete: "/quoted/{name}"};
    option (gateway.v1.policy) = {access: ACCESS_AUTHENTICATED, success_status: 204, etag: {request_field: "etag"}};
  }
}`;

let proto: CompiledProto;
let gateway: TestGateway;
let alice: Client;
/** Request that the backend received, and its response. */
let received: unknown[];
let etag: string;
let fails: status | undefined;
const toClose: (() => unknown)[] = [];

function handler(request: string): (call: BytesCall) => Buffer {
  return (call) => {
    const desc = proto.message(request);
    received.push(toJson(desc, fromBinary(desc, call.request)));
    if (fails !== undefined) throw Object.assign(new Error('etag differs'), { code: fails }) as ServiceError;
    return request === 'DeleteBookRequest' ? Buffer.alloc(0) : Buffer.from([0x1a, etag.length, ...Buffer.from(etag)]);
  };
}

beforeAll(async () => {
  proto = compileProto(PROTO);
  const backend = await grpcBackend({
    unary: {
      '/extra.v1.Books/GetBook': handler('GetBookRequest'),
      '/extra.v1.Books/GetQuoted': handler('GetBookRequest'),
      '/extra.v1.Books/UpdateBook': handler('UpdateBookRequest'),
      '/extra.v1.Books/DeleteBook': handler('DeleteBookRequest'),
      '/extra.v1.Books/DeleteQuoted': handler('DeleteBookRequest'),
    },
  });
  const EXTRA_SERVICE_URL = backend.target.replace('dns:///', '');
  gateway = await startTestGateway({ env: { GATEWAY_DESCRIPTORS: proto.path, EXTRA_SERVICE_URL } });
  alice = await Client.of(gateway, 'alice@acme.test');
  toClose.push(
    () => gateway.close(),
    () => backend.close(),
    () => proto.remove(),
  );
});
afterAll(async () => {
  for (const close of toClose) await close();
});
beforeEach(() => {
  received = [];
  etag = 'v1';
  fails = undefined;
});

const update = (headers: Record<string, string>, body: object = { title: 't' }) =>
  alice.send('PATCH', '/books/a', body, headers);
const remove = (ifMatch: string, path = '/books/a') => alice.send('DELETE', path, undefined, { 'if-match': ifMatch });

describe('the ETag of a response', () => {
  it.each<[string, string, string | null]>([
    ['/books/a', 'v1', '"v1"'],
    ['/books/a', '', null],
    ['/books/a', 'a b', null],
    ['/books/a', '"v1"', null],
    ['/quoted/a', '"v1"', '"v1"'],
    ['/quoted/a', 'W/"v1"', 'W/"v1"'],
    ['/quoted/a', 'v1', null],
  ])('of %s with the etag %j is %j', async (path, value, expected) => {
    etag = value;
    const response = await alice.get(path);
    expect([response.status, response.headers.get('etag')]).toEqual([200, expected]);
    await response.text();
  });

  it('is known again by reads, and told of writes', async () => {
    const unchanged = await alice.get('/books/a', { 'if-none-match': '"v1"' });
    expect([unchanged.status, unchanged.headers.get('etag'), await unchanged.text()]).toEqual([304, '"v1"', '']);
    expect(unchanged.headers.get('cache-control')).toBe('private, no-cache');
    const changed = await alice.get('/books/a', { 'if-none-match': '"v0"' });
    expect(changed.status).toBe(200);
    await changed.text();
    const written = await update({ 'if-none-match': '"v1"' });
    expect([written.status, written.headers.get('etag')]).toEqual([200, '"v1"']);
    await written.text();
  });
});

describe('If-Match', () => {
  it('reaches the field that the policy names', async () => {
    expect((await update({ 'if-match': '"v1"' })).status).toBe(200);
    expect((await remove('"v1"')).status).toBe(204);
    expect((await remove('"v1"', '/quoted/a')).status).toBe(204);
    expect(received).toEqual([
      { book: { name: 'a', title: 't', etag: 'v1' }, updateMask: 'title' },
      { name: 'a', etag: 'v1' },
      { name: 'a', etag: '"v1"' },
    ]);
  });

  it('is not told where it is missing or asks for anything', async () => {
    expect((await remove('*')).status).toBe(204);
    expect((await alice.send('DELETE', '/books/a')).status).toBe(204);
    expect(received).toEqual([{ name: 'a' }, { name: 'a' }]);
  });

  it('takes the tag that a compressed response had', async () => {
    expect((await remove('"v1-gzip"')).status).toBe(204);
    expect(received).toEqual([{ name: 'a', etag: 'v1' }]);
  });

  it.each(['ABORTED', 'FAILED_PRECONDITION'] as const)('makes 412 of %s, which is what it is without', async (code) => {
    fails = status[code];
    await expectFetchProblem(await remove('"v0"'), 'PRECONDITION_FAILED');
    await expectFetchProblem(await alice.send('DELETE', '/books/a'), code);
  });

  it('leaves other errors what they are', async () => {
    fails = status.NOT_FOUND;
    await expectFetchProblem(await remove('"v1"'), 'NOT_FOUND');
  });

  it.each(['W/"v1"', '""', `"${'x'.repeat(600)}"`])('%j never matches', async (tag) => {
    await expectFetchProblem(await remove(tag), 'PRECONDITION_FAILED');
    expect(received).toEqual([]);
  });

  it.each(['v1', '"v1", "v2"', '"v1', '"a b"', '"é"', ''])('%j is refused', async (tag) => {
    await expectFetchProblem(await remove(tag), 'INVALID_ARGUMENT');
    expect(received).toEqual([]);
  });

  it('may be said again in the body, and not otherwise', async () => {
    const same = await update({ 'if-match': '"v1"' }, { title: 't', etag: 'v1' });
    expect(same.status).toBe(200);
    await same.text();
    const { errors } = await expectFetchProblem(
      await update({ 'if-match': '"v1"' }, { etag: 'v2' }),
      'INVALID_ARGUMENT',
    );
    expect(errors).toEqual([{ field: 'book.etag', detail: 'differs from If-Match' }]);
  });

  it('is described', async () => {
    const { paths } = (await (await fetch(`${gateway.url}/openapi.json`)).json()) as { paths: object };
    expect(paths).toMatchObject({
      '/books/{name}': {
        get: { responses: { 200: { headers: { ETag: {} } }, 304: {} } },
        delete: { responses: { 412: {} } },
      },
    });
    const { parameters } =
      (paths as Record<string, { delete: { parameters: object[] } }>)['/books/{name}']?.delete ?? {};
    expect(parameters?.filter((each) => JSON.stringify(each).includes('Match'))).toEqual([
      { $ref: '#/components/parameters/IfMatch' },
    ]);
  });
});

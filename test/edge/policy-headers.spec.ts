import { Metadata } from '@grpc/grpc-js';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Client } from '../support/client.js';
import { compileProto, type CompiledProto } from '../support/compile-proto.js';
import { startTestGateway, type TestGateway } from '../support/gateway.js';
import { type BytesCall, grpcBackend } from '../support/grpc-backend.js';

const APP = 'https://app.example.com';
const POLICY = 'access: ACCESS_AUTHENTICATED, response_headers: ["location", "link", "x-total-count"]';
const PROTO = `
import "google/api/httpbody.proto";
message Thing { string name = 1; }
service Things {
  rpc Create(Thing) returns (Thing) {
    option (google.api.http) = {post: "/things", body: "*"};
    option (gateway.v1.policy) = {${POLICY}, success_status: 201};
  }
  rpc Get(Thing) returns (Thing) {
    option idempotency_level = NO_SIDE_EFFECTS;
    option (google.api.http) = {get: "/things/{name}"};
    option (gateway.v1.policy) = {access: ACCESS_AUTHENTICATED, encoded_slashes: true};
  }
  rpc GetPlain(Thing) returns (Thing) {
    option idempotency_level = NO_SIDE_EFFECTS;
    option (google.api.http) = {get: "/plain/{name}"};
    option (gateway.v1.policy) = {access: ACCESS_AUTHENTICATED};
  }
  rpc Download(Thing) returns (stream google.api.HttpBody) {
    option idempotency_level = NO_SIDE_EFFECTS;
    option (google.api.http) = {get: "/files/{name}"};
    option (gateway.v1.policy) = {access: ACCESS_AUTHENTICATED, response_headers: "content-disposition"};
  }
}`;

const NAME = (text: string) => Buffer.concat([Uint8Array.of(0x0a, Buffer.byteLength(text)), Buffer.from(text)]);
const FILE = Buffer.concat([NAME('text/plain'), Uint8Array.of(0x12, 2), Buffer.from('hi')]);

let proto: CompiledProto;
let gateway: TestGateway;
let alice: Client;
/** Initial and trailing metadata of the backend. */
let headers: Record<string, string | string[]>;
let trailers: Record<string, string>;
let requests: Buffer[];
const toClose: (() => unknown)[] = [];

function metadata(entries: Record<string, string | string[]>): Metadata {
  const sent = new Metadata();
  for (const [name, values] of Object.entries(entries)) for (const value of [values].flat()) sent.add(name, value);
  return sent;
}

function respond(call: BytesCall): Buffer {
  requests.push(call.request);
  call.sendMetadata(metadata(headers));
  return call.request;
}

beforeAll(async () => {
  proto = compileProto(PROTO);
  const backend = await grpcBackend({
    unary: Object.fromEntries(['Create', 'Get', 'GetPlain'].map((rpc) => [`/extra.v1.Things/${rpc}`, respond])),
    stream: {
      '/extra.v1.Things/Download': (call) => {
        call.sendMetadata(metadata(headers));
        call.write(FILE);
        call.end(metadata(trailers));
      },
    },
  });
  gateway = await startTestGateway({
    env: {
      GATEWAY_DESCRIPTORS: proto.path,
      EXTRA_SERVICE_URL: backend.target.replace('dns:///', ''),
      GATEWAY_PUBLIC_URL: 'http://127.0.0.1/edge',
      GATEWAY_CORS_ORIGINS: APP,
    },
  });
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
  headers = {};
  trailers = {};
  requests = [];
});

const create = (extra: Record<string, string> = {}) => alice.send('POST', '/things', { name: 'a' }, extra);

describe('headers of the backend that the policy names', () => {
  it.each<[string, Record<string, string | string[]>, Record<string, string | null>]>([
    ['pass', { 'x-total-count': '7' }, { 'x-total-count': '7' }],
    ['have the base path before a path', { location: '/things/a' }, { location: '/edge/things/a' }],
    ['leave another host what it is', { location: 'https://a.test/x' }, { location: 'https://a.test/x' }],
    ['leave a host without a scheme what it is', { location: '//a.test/x' }, { location: '//a.test/x' }],
    [
      'have the base path in each link',
      { link: '</things?page=2>; rel="next", <https://a.test/>; rel="up"' },
      { link: '</edge/things?page=2>; rel="next", <https://a.test/>; rel="up"' },
    ],
    ['are left out when they are too long', { 'x-total-count': 'x'.repeat(5_000) }, { 'x-total-count': null }],
    [
      'are all that passes',
      { 'set-cookie': 'a=b', 'x-internal': '1', 'cache-control': 'public', 'x-total-count': '1' },
      { 'set-cookie': null, 'x-internal': null, 'cache-control': 'no-store', 'x-total-count': '1' },
    ],
  ])('%s', async (_, sent, expected) => {
    headers = sent;
    const response = await create();
    expect([response.status, await response.json()]).toEqual([201, { name: 'a' }]);
    expect(Object.fromEntries(Object.keys(expected).map((name) => [name, response.headers.get(name)]))).toEqual(
      expected,
    );
  });

  it('come again with a replayed response', async () => {
    headers = { location: '/things/a' };
    const key = { 'idempotency-key': crypto.randomUUID() };
    for (const replayed of [null, 'true']) {
      const response = await create(key);
      expect(['location', 'idempotency-replayed'].map((name) => response.headers.get(name))).toEqual([
        '/edge/things/a',
        replayed,
      ]);
      await response.text();
    }
    expect(requests).toHaveLength(1);
  });

  it('pass with the first message of a stream', async () => {
    headers = { 'content-disposition': 'attachment; filename="a.txt"' };
    const response = await alice.send('GET', '/files/a');
    expect([response.headers.get('content-disposition'), await response.text()]).toEqual([
      'attachment; filename="a.txt"',
      'hi',
    ]);
  });

  it('may be read by pages, and are described', async () => {
    const response = await create({ origin: APP });
    expect(response.headers.get('access-control-expose-headers')).toMatch(/content-disposition, link, location/);
    await response.text();
    const document = (await (await fetch(`${gateway.url}/openapi.json`)).json()) as { paths: object };
    expect(document.paths).toMatchObject({
      '/things': { post: { responses: { 201: { headers: { location: { schema: { type: 'string' } } } } } } },
    });
  });
});

/** Status and code of a problem. */
async function problemOf(path: string): Promise<unknown[]> {
  const response = await alice.send('GET', path);
  const { code } = (await response.json()) as { code: string };
  return [response.status, code];
}

describe('an encoded slash in one segment', () => {
  it.each([
    ['a%2Fb', 'a/b'],
    ['a%2fb%2F', 'a/b/'],
    ['%2F', '/'],
  ])('is part of the value where the policy says so: %s', async (segment, value) => {
    const response = await alice.send('GET', `/things/${segment}`);
    expect([response.status, await response.json()]).toEqual([200, { name: value }]);
  });

  it.each(['a%5Cb', 'a%2F..%2Fb', '..%2Fa', 'a%2F.', 'a%00b'])('lets nothing else through: %s', async (segment) => {
    expect(await problemOf(`/things/${segment}`)).toEqual([400, 'MALFORMED_REQUEST']);
  });

  it('is refused without it', async () => {
    expect(await problemOf('/plain/a%2Fb')).toEqual([400, 'MALFORMED_REQUEST']);
  });
});

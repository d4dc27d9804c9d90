import { once } from 'node:events';
import { type IncomingHttpHeaders, type IncomingMessage, request as httpRequest } from 'node:http';
import { brotliDecompressSync, createGunzip, gunzipSync, zstdDecompressSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Client } from '../support/client.js';
import { compileProto, type CompiledProto } from '../support/compile-proto.js';
import { startTestGateway, type TestGateway } from '../support/gateway.js';
import { type BytesStream, grpcBackend } from '../support/grpc-backend.js';
import { until } from '../support/until.js';

/** An RPC that reads by GET, open to whoever has signed in. */
function rpc(name: string, path: string, output: string, policy = ''): string {
  return `rpc ${name}(Req) returns (${output}) { option idempotency_level = NO_SIDE_EFFECTS;
    option (google.api.http) = {get: "/${path}/{name}"};
    option (gateway.v1.policy) = {access: ACCESS_AUTHENTICATED ${policy}}; }`;
}

const PROTO = `
import "google/api/httpbody.proto";
message Req { string name = 1; }
message Text { string name = 1; }
message Login { string access_token = 1; }
message Key { string name = 1 [(gateway.v1.field) = {public: true}]; }
service Texts {
  ${rpc('Get', 'texts', 'Text')}
  ${rpc('GetCached', 'cached', 'Text', 'cache: {ttl: {seconds: 60}}')}
  ${rpc('GetOff', 'off', 'Text', 'uncompressed: true')}
  ${rpc('SignIn', 'login', 'Login')}
  ${rpc('GetKey', 'keys', 'Key')}
  ${rpc('GetFile', 'files', 'google.api.HttpBody')}
  ${rpc('Watch', 'watch', 'stream Text')}
}`;

const TEXT = 'compress me, '.repeat(400);
const DECODE: Record<string, (body: Buffer) => Buffer> = {
  gzip: gunzipSync,
  br: brotliDecompressSync,
  zstd: zstdDecompressSync,
};

/** A length-delimited field. */
function field(number: number, text: string): Buffer {
  const bytes = Buffer.from(text);
  const length = bytes.length < 128 ? [bytes.length] : [(bytes.length & 0x7f) | 0x80, bytes.length >> 7];
  return Buffer.concat([Uint8Array.of((number << 3) | 2, ...length), bytes]);
}

let proto: CompiledProto;
let gateway: TestGateway;
let token: string;
const watched: BytesStream[] = [];
const toClose: (() => unknown)[] = [];

beforeAll(async () => {
  proto = compileProto(PROTO);
  const reply = ({ request }: { request: Buffer }) => field(1, request.includes('small') ? 'x' : TEXT);
  const unary = ['Get', 'GetCached', 'GetOff', 'SignIn', 'GetKey'].map((name) => [`/extra.v1.Texts/${name}`, reply]);
  const backend = await grpcBackend({
    unary: {
      ...(Object.fromEntries(unary) as object),
      '/extra.v1.Texts/GetFile': ({ request }) =>
        Buffer.concat([field(1, request.subarray(2).toString().replace('-', '/')), field(2, TEXT)]),
    },
    stream: { '/extra.v1.Texts/Watch': (call) => void watched.push(call) },
  });
  gateway = await startTestGateway({
    env: {
      GATEWAY_DESCRIPTORS: proto.path,
      EXTRA_SERVICE_URL: backend.target.replace('dns:///', ''),
      GATEWAY_COMPRESSION: 'zstd,br,gzip',
      GATEWAY_CORS_ORIGINS: 'https://app.example.com',
      GATEWAY_STREAM_HEARTBEAT: '0s',
      GATEWAY_SERVER_TIMING: 'true',
    },
  });
  ({ token } = await Client.of(gateway, 'alice@acme.test'));
  toClose.push(
    () => gateway.close(),
    () => backend.close(),
    () => proto.remove(),
  );
});
afterAll(async () => {
  for (const close of toClose) await close();
});

interface Raw {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** Begins a request, which nothing decodes. */
async function begin(path: string, headers: Record<string, string>, method = 'GET'): Promise<IncomingMessage> {
  const request = httpRequest(gateway.url + path, {
    method,
    headers: { authorization: `Bearer ${token}`, ...headers },
  });
  request.end();
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  return response;
}

async function get(
  path: string,
  acceptEncoding?: string,
  more: Record<string, string> = {},
  method = 'GET',
): Promise<Raw> {
  const coding = acceptEncoding === undefined ? {} : { 'accept-encoding': acceptEncoding };
  const response = await begin(path, { ...coding, ...more }, method);
  const chunks = (await response.toArray()) as Buffer[];
  return { status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) };
}

describe('a response to a client that takes codings', () => {
  it.each([
    ['gzip', 'gzip'],
    ['br', 'br'],
    ['zstd', 'zstd'],
    ['gzip, deflate, br, zstd', 'zstd'],
    ['gzip;q=1, zstd;q=0.1', 'gzip'],
  ])('%s comes as %s', async (accepted, coding) => {
    const { status, headers, body } = await get('/texts/a', accepted);
    expect([status, headers['content-encoding'], Number(headers['content-length'])]).toEqual([
      200,
      coding,
      body.length,
    ]);
    expect(headers.vary).toBe('Origin, Accept-Encoding');
    expect(body.length).toBeLessThan(TEXT.length / 4);
    expect(JSON.parse(DECODE[coding]!(body).toString())).toEqual({ name: TEXT });
  });

  it.each([
    ['nothing asked', '/texts/a', undefined],
    ['nothing in common', '/texts/a', 'deflate'],
    ['a refusal', '/texts/a', '*;q=0'],
    ['a small response', '/texts/small', 'gzip'],
    ['a picture', '/files/image-png', 'gzip'],
  ])('comes as it is: %s', async (_, path, accepted) => {
    const { status, headers, body } = await get(path, accepted);
    expect([status, headers['content-encoding'], Number(headers['content-length'])]).toEqual([
      200,
      undefined,
      body.length,
    ]);
  });

  it('is compressed by its own media type', async () => {
    const { headers, body } = await get('/files/text-css', 'gzip');
    expect([headers['content-type'], headers['content-encoding']]).toEqual(['text/css', 'gzip']);
    expect(gunzipSync(body).toString()).toBe(TEXT);
  });

  it('has the headers of GET for HEAD, and no body', async () => {
    const [head, whole] = [await get('/texts/a', 'gzip', {}, 'HEAD'), await get('/texts/a', 'gzip')];
    const shown = ({ headers }: Raw) => ['content-encoding', 'content-length', 'vary'].map((name) => headers[name]);
    expect(shown(head)).toEqual(shown(whole));
    expect(head.body).toHaveLength(0);
  });
});

describe('what must not be told by its length (BREACH) is never compressed', () => {
  it.each([
    ['a policy that says so', '/off/a'],
    ['a field that looks like a secret', '/login/a'],
    ['a field that is declared public, since it looks like one', '/keys/a'],
    ['what the gateway answers itself', '/api/v1/me'],
    ['a problem', '/nope'],
  ])('%s', async (_, path) => {
    const { headers } = await get(path, 'gzip');
    expect([headers['content-encoding'], headers.vary]).toEqual([undefined, 'Origin']);
  });
});

describe('the entity tag of a compressed response', () => {
  it('is one of its own, strong, and known again in any coding', async () => {
    const plain = await get('/cached/a');
    const coded = await get('/cached/a', 'gzip');
    const etag = plain.headers.etag!;
    expect(coded.headers.etag).toBe(`${etag.slice(0, -1)}-gzip"`);
    expect(coded.headers.vary).toBe('Origin, Accept-Encoding, Authorization, Cookie, X-API-Key');
    for (const [accepted, tag] of [
      ['gzip', coded.headers.etag!],
      ['gzip', etag],
      [undefined, coded.headers.etag!],
      ['br', `W/${coded.headers.etag!}`],
    ] as const) {
      const { status, headers, body } = await get('/cached/a', accepted, { 'if-none-match': tag });
      expect([status, body.length, headers['content-encoding'], headers['content-length']]).toEqual([
        304,
        0,
        undefined,
        undefined,
      ]);
      expect(headers.vary).toContain('Accept-Encoding');
      expect(headers.etag).toBe(tag.replace('W/', ''));
    }
    expect((await get('/cached/a', 'gzip', { 'if-none-match': '"other-gzip"' })).status).toBe(200);
  });
});

describe('a compressed stream', () => {
  const send = (call: BytesStream, text: string) => call.write(field(1, text));

  it.each(['gzip', 'br', 'zstd'])('is decoded whole: %s', async (coding) => {
    const responding = get('/watch/a', coding, { accept: 'application/x-ndjson' });
    const call = await until(() => watched.pop());
    for (const text of ['one', TEXT, 'three']) send(call, text);
    call.end();
    const { headers, body } = await responding;
    expect([headers['content-encoding'], headers.vary]).toEqual([coding, 'Origin, Accept-Encoding']);
    const lines = DECODE[coding]!(body).toString().trimEnd().split('\n');
    expect(lines.map((line) => (JSON.parse(line) as { name: string }).name)).toEqual(['one', TEXT, 'three']);
  });

  it('is flushed message by message', async () => {
    const opening = begin('/watch/a', { 'accept-encoding': 'gzip' });
    const call = await until(() => watched.pop());
    send(call, 'first');
    const decoded = (await opening).pipe(createGunzip());
    for (const text of ['first', 'second']) {
      if (text !== 'first') send(call, text);
      const [chunk] = (await once(decoded, 'data')) as [Buffer];
      expect(chunk.toString()).toContain(`data: {"name":"${text}"}`);
    }
    call.end();
    const [end] = (await once(decoded, 'data')) as [Buffer];
    expect(end.toString()).toBe('event: end\ndata: {}\n\n');
  });

  it('ends the call when its client leaves', async () => {
    const opening = begin('/watch/a', { 'accept-encoding': 'br' });
    const call = await until(() => watched.pop());
    send(call, 'first');
    const response = await opening;
    response.destroy();
    await until(() => call.cancelled);
    expect(call.cancelled).toBe(true);
  });
});

describe('Server-Timing', () => {
  it('says where the time went', async () => {
    const { headers } = await get('/texts/a');
    expect(headers['server-timing']).toMatch(/^auth;dur=\d+\.\d{3}(?:, \w+;dur=\d+\.\d{3})*, total;dur=\d+\.\d{3}$/);
    expect(headers['server-timing']).toContain('upstream;dur=');
  });
});

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compileProto } from '../support/compile-proto.js';
import { startTestGateway, type TestGateway } from '../support/gateway.js';
import { type GrpcBackend, grpcBackend } from '../support/grpc-backend.js';
import { OpenApiReader } from '../support/openapi.js';
import { expectFetchProblem } from '../support/problem.js';

const proto = compileProto(`
message Note {
  string id = 1 [(google.api.field_behavior) = OUTPUT_ONLY];
  string text = 2 [(google.api.field_behavior) = REQUIRED, (buf.validate.field).string.max_len = 5];
  string pin = 3 [(google.api.field_behavior) = INPUT_ONLY];
  string old = 4 [deprecated = true];
}
message GetNoteRequest { string id = 1; }
service ExtraService {
  rpc CreateNote(Note) returns (Note) {
    option (google.api.http) = {post: "/extra/v1/notes", body: "*"};
    option (gateway.v1.policy) = {access: ACCESS_OPEN};
    option (google.api.method_signature) = "text";
    option (google.api.method_signature) = "text,pin";
  }
  rpc GetNote(GetNoteRequest) returns (Note) {
    option (google.api.http) = {get: "/extra/v1/notes/{id}"};
    option (gateway.v1.policy) = {
      access: ACCESS_AUTHENTICATED
      deprecation: {since: "2026-01-31" sunset: "2027-01-31T12:00:00+01:00" link: "https://example.com/notes/v2"}
    };
  }
  rpc Watch(GetNoteRequest) returns (stream Note) {
    option (google.api.http) = {get: "/extra/v1/notes/{id}:watch"};
    option (gateway.v1.policy) = {access: ACCESS_OPEN, deprecation: {since: "2026-06-01T00:00:00Z"}};
  }
  rpc OldNote(GetNoteRequest) returns (Note) {
    option deprecated = true;
    option (google.api.http) = {get: "/extra/v1/old/{id}"};
    option (gateway.v1.policy) = {access: ACCESS_OPEN};
  }
}
`);
let gateway: TestGateway;
let backend: GrpcBackend;
let token: string;

beforeAll(async () => {
  const echo = ({ request }: { readonly request: Buffer }) => request;
  const path = (name: string) => `/extra.v1.ExtraService/${name}`;
  backend = await grpcBackend({
    unary: { [path('CreateNote')]: echo, [path('GetNote')]: echo, [path('OldNote')]: echo },
    stream: { [path('Watch')]: (call) => (call.write(Buffer.from([10, 1, 97])), call.end()) },
  });
  const env = {
    GATEWAY_DESCRIPTORS: proto.path,
    EXTRA_SERVICE_URL: backend.target,
    GATEWAY_HEALTH_INTERVAL: '1h',
    GATEWAY_CORS_ORIGINS: 'https://app.test',
  };
  gateway = await startTestGateway({ env });
  token = await gateway.sandbox.issueToken('alice@acme.test');
});
afterAll(async () => {
  await gateway?.close();
  backend?.close();
  proto.remove();
});

interface Call {
  readonly method?: string;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

const call = (path: string, init: Call = {}) =>
  fetch(`${gateway.url}/extra/v1/${path}`, { ...init, headers: { ...init.headers, origin: 'https://app.test' } });
const post = (note: object) =>
  call('notes', { method: 'POST', body: JSON.stringify(note), headers: { 'content-type': 'application/json' } });

const GIVEN_UP = {
  deprecation: '@1769817600',
  sunset: 'Sun, 31 Jan 2027 11:00:00 GMT',
  link: '<https://example.com/notes/v2>; rel="deprecation"',
};

function headersOf(response: Response): Record<string, string | null> {
  return Object.fromEntries(['deprecation', 'sunset', 'link'].map((name) => [name, response.headers.get(name)]));
}

describe('annotations of a mounted service', () => {
  it('are kept over HTTP: required, within bounds, output only and input only', async () => {
    const created = await post({ id: 'mine', text: 'hello', pin: '1234' });
    expect([created.status, await created.json()]).toEqual([200, { id: '', text: 'hello', old: '' }]);
    const missing = await expectFetchProblem(await post({}), 'INVALID_ARGUMENT');
    expect(missing.errors).toEqual([{ field: 'text', detail: 'is required' }]);
    const long = await expectFetchProblem(await post({ text: 'hello!' }), 'INVALID_ARGUMENT');
    expect(long.errors).toEqual([{ field: 'text', detail: 'must be at most 5 characters' }]);
  });

  it('are in the document', async () => {
    const reader = new OpenApiReader((await (await fetch(`${gateway.url}/openapi.json`)).json()) as object);
    expect(reader.schema('extra.v1.Note-request')).toMatchObject({
      required: ['text'],
      properties: {
        id: { readOnly: true },
        text: { minLength: 1, maxLength: 5 },
        pin: { writeOnly: true },
        old: { deprecated: true },
      },
    });
    const deprecated = reader.operations.filter(({ operation }) => 'deprecated' in operation);
    expect(deprecated.map(({ operation }) => operation.operationId)).toEqual([
      'ExtraService_GetNote',
      'ExtraService_Watch',
      'ExtraService_OldNote',
    ]);
    expect(reader.operation('ExtraService_GetNote')).toMatchObject({ 'x-sunset': '2027-01-31T11:00:00.000Z' });
    expect(reader.operation('ExtraService_CreateNote')).toMatchObject({ 'x-method-signatures': ['text', 'text,pin'] });
  });
});

describe('a deprecated RPC', () => {
  it.each<[what: string, init: () => Call, status: number]>([
    ['an answer', () => ({ headers: { authorization: `Bearer ${token}` } }), 200],
    ['a refusal', () => ({}), 401],
    [
      'a refusal before authentication',
      () => ({ headers: { authorization: `Bearer ${token}`, 'x-request-timeout': 'soon' } }),
      400,
    ],
  ])('says so in %s', async (_what, init, status) => {
    const response = await call('notes/7', init());
    expect([response.status, headersOf(response)]).toEqual([status, GIVEN_UP]);
    const exposed = (response.headers.get('access-control-expose-headers') ?? '').split(', ');
    expect(exposed).toEqual(expect.arrayContaining(['deprecation', 'sunset', 'link']));
  });

  it('says so at the head of a stream, with no more than is known', async () => {
    const response = await call('notes/7:watch');
    expect([response.status, headersOf(response)]).toEqual([
      200,
      { deprecation: '@1780272000', sunset: null, link: null },
    ]);
    expect(await response.text()).toContain('event: end');
  });

  it.each(['old/7', 'nothing'])('is another than %s', async (path) => {
    expect(headersOf(await call(path))).toEqual({ deprecation: null, sunset: null, link: null });
  });
});

import { fromJson, type JsonValue, toBinary } from '@bufbuild/protobuf';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Client } from '../support/client.js';
import { compileProto } from '../support/compile-proto.js';
import { startTestGateway, type TestGateway } from '../support/gateway.js';
import { type BytesCall, type BytesStream, type GrpcBackend, grpcBackend } from '../support/grpc-backend.js';

/** Every way that a message with rules of its own can be inside another. */
const proto = compileProto(`
message Card {
  string name = 1;
  string hash = 2 [(gateway.v1.field).redact = true];
  string pin = 3 [debug_redact = true];
  string shown = 4 [debug_redact = true, (gateway.v1.field).public = true];
  repeated string old_hashes = 5 [(gateway.v1.field).redact = true];
  map<string, string> hashes = 6 [(gateway.v1.field).redact = true];
  oneof way {
    string open = 7;
    string closed = 8 [(gateway.v1.field).redact = true];
  }
  optional string maybe = 9 [(gateway.v1.field).redact = true];
  string plan = 10 [(gateway.v1.field).protected = true];
  repeated string roles = 11 [(gateway.v1.field).privileged = true];
}
message Holder {
  Card card = 1;
  repeated Card cards = 2;
  map<string, Card> by_name = 3;
  Holder inner = 4;
  google.protobuf.Any any = 5;
  oneof choice {
    Card chosen = 6;
    string text = 7;
  }
}
service ExtraService {
  rpc Get(google.protobuf.Empty) returns (Holder) {
    option (google.api.http) = {get: "/extra/v1/holder"};
    option (gateway.v1.policy) = {access: ACCESS_AUTHENTICATED, reveal: "card.name"};
  }
  rpc Watch(google.protobuf.Empty) returns (stream Holder) {
    option (google.api.http) = {get: "/extra/v1/holder:watch"};
    option (gateway.v1.policy) = {access: ACCESS_AUTHENTICATED, reveal: "card.name"};
  }
  rpc GetCard(google.protobuf.Empty) returns (Holder) {
    option (google.api.http) = {get: "/extra/v1/card", response_body: "card"};
    option (gateway.v1.policy) = {access: ACCESS_AUTHENTICATED, redact: "card.name"};
  }
  rpc Send(Holder) returns (Holder) {
    option (google.api.http) = {post: "/extra/v1/holder", body: "*"};
    option (gateway.v1.policy) = {access: ACCESS_AUTHENTICATED, privileged_permission: "extra.admin", reveal: "card.name"};
  }
}
`);
const HIDDEN = /hid-den/;
const CARD = {
  name: 'card',
  hash: 'hid-den-1',
  pin: 'hid-den-2',
  shown: 'shown',
  oldHashes: ['hid-den-3'],
  hashes: { a: 'hid-den-4' },
  closed: 'hid-den-5',
  maybe: 'hid-den-6',
};
const SEEN = { name: 'card', shown: 'shown', plan: '', roles: [] };

interface Body {
  readonly content: { readonly 'application/json': { readonly example: unknown } };
}

interface ApiDocument {
  readonly paths: Record<
    string,
    Record<'get' | 'post', { readonly responses: Record<string, Body>; readonly requestBody?: Body } | undefined>
  >;
  readonly components: { readonly schemas: Record<string, { readonly properties: object }> };
}

/** Each place of a card, and the same with what may be seen of it. */
const places = (card: object): [string, JsonValue][] => [
  ['in a field', { card } as JsonValue],
  ['in a list', { cards: [card, card] } as JsonValue],
  ['in a map', { byName: { one: card } } as JsonValue],
  ['in a oneof', { chosen: card } as JsonValue],
  ['deep inside', { inner: { inner: { cards: [card] } } } as JsonValue],
  ['in an Any', { any: { '@type': 'type.googleapis.com/extra.v1.Card', ...card } } as JsonValue],
  [
    'in an Any within an Any',
    {
      any: {
        '@type': 'type.googleapis.com/extra.v1.Holder',
        any: { '@type': 'type.googleapis.com/extra.v1.Card', ...card },
      },
    } as JsonValue,
  ],
];

let backend: GrpcBackend;
let gateway: TestGateway;
let alice: Client;
let admin: Client;
let answer: Buffer;
let received: Buffer[] = [];

beforeAll(async () => {
  const give = (call: BytesCall): Buffer => {
    received.push(call.request);
    return answer;
  };
  const stream = (call: BytesStream): void => {
    call.write(answer);
    call.end();
  };
  const path = (name: string) => `/extra.v1.ExtraService/${name}`;
  backend = await grpcBackend({
    unary: { [path('Get')]: give, [path('GetCard')]: give, [path('Send')]: give },
    stream: { [path('Watch')]: stream },
  });
  const env = { GATEWAY_DESCRIPTORS: proto.path, EXTRA_SERVICE_URL: backend.target, GATEWAY_HEALTH_INTERVAL: '1h' };
  gateway = await startTestGateway({ env });
  alice = await Client.of(gateway, 'alice@acme.test');
  const permissions = ['extra.admin'];
  admin = new Client(gateway.url, await gateway.sandbox.issueToken('alice@acme.test', { permissions }));
});
afterAll(async () => {
  await gateway.close();
  backend.close();
  proto.remove();
});
beforeEach(() => {
  received = [];
  answer = encode({});
});

function encode(json: JsonValue): Buffer {
  const { registry } = proto;
  return Buffer.from(toBinary(proto.message('Holder'), fromJson(proto.message('Holder'), json, { registry })));
}

describe('a field that is redacted by its own option', () => {
  it.each(places(CARD))('is not shown %s', async (place, json) => {
    answer = encode(json);
    const [, seen] = places(SEEN).find(([each]) => each === place) ?? [];
    const response = await alice.get('/extra/v1/holder');
    const text = await response.text();
    expect([response.status, HIDDEN.test(text)]).toEqual([200, false]);
    expect(JSON.parse(text)).toMatchObject(seen as object);
    expect(text).not.toMatch(/hash|pin|closed|maybe/i);
  });

  it.each(places(CARD))('is not shown %s in a stream', async (_place, json) => {
    answer = encode(json);
    for (const accept of ['text/event-stream', 'application/x-ndjson', 'application/json']) {
      const text = await (await alice.get('/extra/v1/holder:watch', { accept })).text();
      expect([text.includes('shown'), HIDDEN.test(text)], accept).toEqual([true, false]);
    }
  });

  it('is not shown by an RPC whose body is one field, and the policy of the RPC adds to it', async () => {
    answer = encode({ card: CARD });
    expect(await (await alice.get('/extra/v1/card')).json()).toEqual({ shown: 'shown', plan: '', roles: [] });
  });

  it('is not shown by the slow path either', async () => {
    // Fields out of their order, and the redacted one last: what is left of the message is still shown.
    const [first, second] = [encode({ card: { shown: 'shown' } }), encode({ card: { hash: 'hid-den' } })];
    answer = Buffer.concat([encode({ text: 'late' }), first, second]);
    const text = await (await alice.get('/extra/v1/holder')).text();
    expect([text.includes('shown'), HIDDEN.test(text)]).toEqual([true, false]);
  });

  it('is in no document', async () => {
    const { paths, components } = (await (await fetch(`${gateway.url}/openapi.json`)).json()) as ApiDocument;
    const { get, post } = paths['/extra/v1/holder'] ?? {};
    const shown = JSON.stringify(get?.responses['200']?.content['application/json'].example);
    expect([shown.includes('"shown"'), shown.includes('"plan"')]).toEqual([true, true]);
    expect(shown).not.toMatch(/hash|pin|maybe/i);
    const sent = JSON.stringify(post?.requestBody?.content['application/json'].example);
    expect([sent.includes('"pin"'), sent.includes('"plan"')]).toEqual([true, false]);
    const properties = (name: string) => Object.keys(components.schemas[`extra.v1.${name}`]?.properties ?? {});
    expect(properties('Card')).toEqual(['name', 'shown', 'open', 'plan', 'roles']);
    expect(properties('Card-request')).toContain('pin');
    expect(properties('Card-request')).not.toContain('plan');
  });
});

describe('a field that is protected by its own option', () => {
  it.each([...places({ name: 'a', plan: 'pro' }), ...places({ name: 'a', plan: null })])(
    'is refused %s, for everybody',
    async (_place, body) => {
      for (const client of [alice, admin]) {
        const response = await client.send('POST', '/extra/v1/holder', body);
        expect([response.status, ((await response.json()) as { code: string }).code]).toEqual([
          400,
          'INVALID_ARGUMENT',
        ]);
      }
      expect(received).toEqual([]);
    },
  );
});

describe('a field that is privileged by its own option', () => {
  it.each([...places({ name: 'a', roles: ['root'] }), ...places({ name: 'a', roles: [] })])(
    'is refused %s without the permission, and passed on with it',
    async (_place, body) => {
      const refused = await alice.send('POST', '/extra/v1/holder', body);
      expect([refused.status, ((await refused.json()) as { code: string }).code]).toEqual([403, 'PERMISSION_DENIED']);
      expect(received).toEqual([]);
      expect((await admin.send('POST', '/extra/v1/holder', body)).status).toBe(200);
      expect(received).toEqual([encode(body)]);
    },
  );

  it.each(places({ name: 'a' }))('may be left alone %s by everybody', async (_place, body) => {
    expect((await alice.send('POST', '/extra/v1/holder', body)).status).toBe(200);
    expect(received).toEqual([encode(body)]);
  });
});

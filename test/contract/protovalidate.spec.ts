import { afterAll, describe, expect, it } from 'vitest';
import { compileProto } from '../support/compile-proto.js';
import { CompiledService } from '../support/compiled-service.js';
import { OpenApiReader } from '../support/openapi.js';

const proto = compileProto(`
enum Kind {
  KIND_UNSPECIFIED = 0;
  KIND_BOOK = 1;
  KIND_PEN = 2;
}
message Line {
  string sku = 1 [(buf.validate.field).string = {pattern: "^[A-Z]{3}-[0-9]+$"}];
  int32 count = 2 [(buf.validate.field).int32 = {gte: 1, lt: 100}];
  map<string, string> labels = 3 [(buf.validate.field).map = {max_pairs: 2, keys: {string: {min_len: 2}}}];
}
message Order {
  option (buf.validate.message).cel = {
    id: "order.dates"
    message: "the end must come after the start"
    expression: "!has(this.start) || !has(this.end) || this.start < this.end"
  };
  string title = 1 [(buf.validate.field).string = {min_len: 3, max_len: 10}];
  string email = 2 [(buf.validate.field) = {ignore: IGNORE_IF_ZERO_VALUE, string: {email: true}}];
  Kind kind = 3 [(buf.validate.field).enum = {defined_only: true, not_in: [0]}];
  repeated Line lines = 4 [(buf.validate.field).repeated = {min_items: 1, max_items: 3}];
  optional int32 start = 5;
  optional int32 end = 6;
  oneof payment {
    option (buf.validate.oneof).required = true;
    string iban = 7;
    string card_token = 8 [(gateway.v1.field).public = true];
  }
  string owner = 9 [(buf.validate.field).required = true, (gateway.v1.field).protected = true];
  string state = 10 [(buf.validate.field).required = true, (google.api.field_behavior) = OUTPUT_ONLY];
}
message CreateOrderRequest {
  Order order = 1 [(buf.validate.field).required = true];
  string request_id = 2 [(buf.validate.field).string.uuid = true];
}
message UpdateOrderRequest {
  string order_id = 1 [(buf.validate.field).string.len = 4];
  Order order = 2 [(buf.validate.field).required = true];
  google.protobuf.FieldMask update_mask = 3;
}
message ListRequest {
  int32 page_size = 1 [(buf.validate.field).int32 = {gte: 0, lte: 50}];
  string sort = 2 [(buf.validate.field).string = {in: ["", "title", "-title"]}];
  int32 ratio = 3 [(buf.validate.field).cel = {id: "ratio", message: "is too high", expression: "10 / (this - 7) < 10"}];
}
message Plain { string text = 1; }
service OrderService {
  rpc CreateOrder(CreateOrderRequest) returns (Order) {
    option (google.api.http) = {post: "/v1/orders", body: "order" additional_bindings {post: "/v1/orders:whole", body: "*"}};
    option (gateway.v1.policy) = {access: ACCESS_OPEN};
  }
  rpc UpdateOrder(UpdateOrderRequest) returns (Order) {
    option (google.api.http) = {patch: "/v1/orders/{order_id}", body: "order"};
    option (gateway.v1.policy) = {access: ACCESS_OPEN};
  }
  rpc List(ListRequest) returns (Plain) {
    option (google.api.http) = {get: "/v1/orders"};
    option (gateway.v1.policy) = {access: ACCESS_OPEN};
  }
}
service PlainService {
  rpc Get(Plain) returns (Order) {
    option (google.api.http) = {get: "/v1/plain"};
    option (gateway.v1.policy) = {access: ACCESS_OPEN};
  }
}
`);
const orders = await CompiledService.compile(proto, 'OrderService');
afterAll(() => proto.remove());

const ORDER = { title: 'Pens', kind: 'KIND_PEN', iban: 'DE00', lines: [{ sku: 'ABC-1', count: 2 }] };
const query = 'requestId=0199a1b2-7c3d-7e4f-8a5b-6c7d8e9f0a1b';

describe('a rule of protovalidate', () => {
  it('lets pass what keeps it', () => {
    expect(orders.read('CreateOrder', { body: ORDER, query })).toMatchObject({ order: ORDER });
  });

  it.each<[what: string, order: object, field: string, detail: RegExp]>([
    ['of a string', { title: 'ab' }, 'title', /at least 3 characters/],
    ['in Unicode characters', { title: '🙂🙂🙂🙂🙂🙂🙂🙂🙂🙂🙂' }, 'title', /at most 10 characters/],
    ['of a known format', { email: 'nobody' }, 'email', /email/],
    ['of an enum', { kind: 'KIND_UNSPECIFIED' }, 'kind', /must not be in/],
    ['of a number that is no value of an enum', { kind: 99 }, 'kind', /defined enum values/],
    ['of a list', { lines: [] }, 'lines', /at least 1 item/],
    [
      'of an element',
      {
        lines: [
          { sku: 'ABC-1', count: 1 },
          { sku: 'x', count: 1 },
        ],
      },
      'lines[1].sku',
      /pattern/,
    ],
    ['of a number', { lines: [{ sku: 'ABC-1', count: 100 }] }, 'lines[0].count', /less than 100/],
    ['of a number that is absent', { lines: [{ sku: 'ABC-1' }] }, 'lines[0].count', /greater than or equal to 1/],
    ['of a key', { lines: [{ sku: 'ABC-1', count: 1, labels: { x: 'y' } }] }, 'lines[0].labels.x', /^its key .*2 char/],
    ['of a oneof', { iban: null }, 'body', /exactly one field is required/],
    ['of the whole message', { start: 2, end: 1 }, 'body', /the end must come after the start/],
  ])('%s names its field: %j', (_what, order, field, detail) => {
    expect(orders.refuse('CreateOrder', { body: { ...ORDER, ...order }, query })).toEqual([
      { field, detail: expect.stringMatching(detail) },
    ]);
  });

  it('is checked for every field, and each violation is told', () => {
    const violations = orders.refuse('CreateOrder', { body: { lines: [{}] }, query: 'requestId=1' });
    expect(violations.map(({ field }) => field)).toEqual([
      'title',
      'kind',
      'lines[0].sku',
      'lines[0].count',
      'body',
      'requestId',
    ]);
  });

  it('names the path in the JSON that the client wrote', () => {
    const body = { order: { ...ORDER, title: 'x' }, request_id: 'y' };
    expect(orders.refuse('CreateOrder', { body }, '/v1/orders:whole').map(({ field }) => field)).toEqual([
      'order.title',
      'request_id',
    ]);
    expect(orders.refuse('List', { query: 'sort=x&page_size=-1' }).map(({ field }) => field)).toContain('pageSize');
    const path = orders.refuse('UpdateOrder', { path: ['12345'], body: { title: 'abc' } });
    expect(path).toEqual([{ field: 'order_id', detail: expect.stringMatching(/4 characters/) }]);
  });

  it('that cannot be evaluated for a value refuses it', () => {
    expect(orders.refuse('List', { query: 'ratio=7' })).toEqual([
      { field: 'body', detail: expect.stringMatching(/cannot be checked: .*zero/) },
    ]);
  });

  it.each<[what: string, mask: string | undefined, order: object, fields: string[]]>([
    ['the body names one field', undefined, { title: 'abc' }, []],
    ['the body breaks its rule', undefined, { title: 'a' }, ['title']],
    ['the mask names what the body lacks', 'title,kind', { title: 'abc' }, ['kind']],
    ['the mask names a list', 'lines', { lines: [{ sku: 'x' }] }, ['lines[0].sku', 'lines[0].count']],
    ['a rule of the whole is for the backend', 'start,end', { start: 2, end: 1 }, []],
    ['the mask names everything', '*', { ...ORDER, title: '' }, ['title']],
  ])('holds of an update for what it changes: %s', (_what, mask, body, fields) => {
    const request = { path: ['1234'], body, ...(mask === undefined ? {} : { query: `updateMask=${mask}` }) };
    if (fields.length === 0) expect(orders.read('UpdateOrder', request)).toMatchObject({ order: body });
    else expect(orders.refuse('UpdateOrder', request).map(({ field }) => field)).toEqual(fields);
  });
});

describe('the document', () => {
  const reader = new OpenApiReader(orders.document());

  it('has the bounds of the rules', () => {
    const { properties, required } = reader.schema('extra.v1.Order-request');
    expect(properties).toMatchObject({
      title: { minLength: 3, maxLength: 10 },
      kind: { enum: ['KIND_BOOK', 'KIND_PEN'] },
      lines: { minItems: 1, maxItems: 3 },
    });
    expect(properties.email).not.toHaveProperty('format');
    expect(required).toEqual(['title', 'kind', 'lines']);
    expect(reader.schema('extra.v1.Line-request')).toMatchObject({
      properties: {
        sku: { pattern: '^[A-Z]{3}-[0-9]+$' },
        count: { minimum: 1, exclusiveMaximum: 100 },
        labels: { maxProperties: 2, propertyNames: { minLength: 2 } },
      },
    });
    expect(reader.schema('extra.v1.Order').properties.title).not.toHaveProperty('minLength');
    expect(reader.operation('OrderService_List').parameters?.slice(0, 3)).toMatchObject([
      { name: 'pageSize', schema: { minimum: 0, maximum: 50 } },
      { name: 'sort', schema: { enum: ['', 'title', '-title'] } },
      { name: 'ratio' },
    ]);
    expect(reader.operation('OrderService_CreateOrder').parameters?.slice(0, 1)).toMatchObject([
      { name: 'requestId', required: true, schema: { format: 'uuid' } },
    ]);
  });
});

it('messages without rules load nothing', async () => {
  const plain = await CompiledService.compile(proto, 'PlainService');
  expect(plain.rules).toBeUndefined();
  expect(orders.rules).toBeDefined();
});

/** Rules that cannot be compiled, each the fields of a message, and what is said of them. */
const BROKEN: readonly (readonly [name: string, fields: string, reason: RegExp])[] = [
  ['Syntax', stringRule('cel = {id: "x", expression: "this.size( <"}'), /syntax error/],
  ['Function', stringRule('cel = {id: "x", expression: "nope(this)"}'), /unbound/],
  ['Types', stringRule('cel = {id: "x", expression: "this > 1"}'), /overload/],
  ['Verdict', stringRule('cel = {id: "x", expression: "1"}'), /wanted either bool/],
  ['Pattern', stringRule('string.pattern = "(["'), /regexp/],
  ['Kind', stringRule('int32.gt = 1'), /expected rule "string"/],
  [
    'Field',
    'option (buf.validate.message).cel = {id: "x", expression: "this.b == 1"}; int32 a = 1;',
    /field not found/,
  ],
  [
    'Deep',
    `repeated In d = 1; message In { oneof x { int32 b = 2; ${stringRule('cel = {id: "x", expression: "nope()"}')} } }`,
    /unbound/,
  ],
];

function stringRule(rule: string): string {
  return `string a = 1 [(buf.validate.field).${rule}];`;
}

const broken = compileProto(
  BROKEN.map(
    ([name, fields]) => `
message ${name} { ${fields} }
service ${name}Service {
  rpc Send(${name}) returns (${name}) {
    option (google.api.http) = {post: "/v1/broken", body: "*"};
    option (gateway.v1.policy) = {access: ACCESS_OPEN};
  }
}`,
  ).join(''),
);
afterAll(() => broken.remove());

describe('rules that cannot be compiled', () => {
  it.each(BROKEN)('refuse to start with their reason: %s', async (name, _fields, reason) => {
    const { problems } = await CompiledService.compile(broken, `${name}Service`);
    expect(problems).toEqual([expect.stringMatching(reason)]);
    expect(problems[0]).toContain('(buf.validate)');
  });
});
